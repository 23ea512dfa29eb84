"""What engagement leaves in the domain: clicks that may earn, and conversions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Referral:
    """One click that an order may be attributed to: its item was in a program when it happened."""

    id: str
    """The click's."""
    item_id: str
    publication_id: str
    publisher_id: str
    program_id: str
    product_id: str
    clicked_at: datetime
    visitor_hash: str | None


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion that a publisher reports; it earns nothing by itself."""

    id: str
    """The event's."""
    publisher_id: str
    publication_id: str
    item_id: str
    program_id: str | None
    click_id: str | None
    """The row id of the click that it names."""
    order_reference: str | None
    amount: Decimal | None
    currency: str | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class PublishedItem:
    """One product in a published list of an active publisher, as engagement needs it."""

    id: str
    publication_id: str
    publisher_id: str
    program_id: str | None
    """Only an active one: nothing else earns."""
    ad_server_id: str | None
    product_id: str
    handle: str
    url: str | None
    """The product's page, where the shop says which it is."""


class Visitor(NamedTuple):
    """Who does something on a page, as far as anybody will know."""

    hash: str | None = None
    country_code: str | None = None
    referrer_host: str | None = None
    device_class: str | None = None
    is_bot: bool = False
    is_prefetch: bool = False

    @property
    def is_person(self) -> bool:
        """Return whether what it does may count and earn."""
        return not (self.is_bot or self.is_prefetch)
