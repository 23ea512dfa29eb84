"""What engagement leaves in the domain: clicks that may earn, and conversions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


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
