"""Attribution and commissions as they are decided and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.ids import derived_id

ConversionKind = Literal["click", "discount_code"]
CommissionStatus = Literal["pending", "disputed", "approved", "paid", "reversed"]
NothingBecause = Literal["no_rate", "own_order"]
"""Why an attributed order earns nothing: no rate was in force, or the publisher placed it."""
FactKind = Literal["capture", "refund"]
DisputeOutcome = Literal["reversed", "kept"]
"""What becomes of the disputed commission, whoever disputed it and whoever was right."""
PayoutStatus = Literal["booked", "void"]

INGEST: Final = "ingest"
"""Who books what follows from the facts of orders."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """Whose item was clicked, and the program that it was in."""

    publisher_id: str
    program_id: str
    publication_id: str
    item_id: str
    product_id: str


@dataclass(frozen=True, slots=True)
class FollowedClick:
    """A click whose signature is ours, and whom it leads to."""

    click_id: str
    """Of its row, never the signed text."""
    clicked_at: datetime
    referrer: Referrer


@dataclass(frozen=True, slots=True)
class CodeAssignment:
    """A discount code that stood for a publisher when an order was placed."""

    id: str
    code: str
    publisher_id: str
    program_id: str
    created_at: datetime
    ended_at: datetime | None

    def stood_at(self, at: datetime) -> bool:
        """Return whether an order of that instant counts."""
        return self.created_at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """What a program says of clicks and money now."""

    program_id: str
    attribution_days: int
    hold_days: int


@dataclass(frozen=True, slots=True)
class ActivePeriod:
    """One while in which a publisher or a program was active."""

    owner_id: str
    began_at: datetime
    ended_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Return whether an order of that instant counts."""
        return self.began_at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class AppliedRate:
    """A rate of a program, for one publisher or for all."""

    id: str
    program_id: str
    publisher_id: str | None
    basis_points: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Conversion:
    """One attributed order, with the facts that it rests on; without a rate it earns nothing."""

    id: str
    order_id: str
    kind: ConversionKind
    publisher_id: str
    program_id: str
    publication_id: str | None
    item_id: str | None
    product_id: str | None
    click_id: str | None
    clicked_at: datetime | None
    discount_code: str | None
    assignment_id: str | None
    window_days: int
    hold_days: int
    rate_id: str | None
    basis_points: int
    ordered_at: datetime
    decided_at: datetime
    earns_nothing_because: NothingBecause | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What one fact of an order does to a commission."""

    kind: FactKind
    id: str
    occurred_at: datetime
    money_minor: int
    """Captured or refunded."""
    commission_minor: int
    """What it adds to the commission; of a refund, negative."""


@dataclass(frozen=True, slots=True)
class Earning:
    """What one capture earns by the present state of its order: its facts in their order."""

    transaction_id: str
    currency: str
    captured_minor: int
    earned_at: datetime
    facts: tuple[Fact, ...]

    @property
    def commission_id(self) -> str:
        """Return the id of its commission."""
        return derived_id("com", self.transaction_id)

    @property
    def amount_minor(self) -> int:
        """Return what is left of it."""
        return sum(fact.commission_minor for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Standing:
    """A commission as it is kept, locked."""

    id: str
    conversion_id: str
    order_id: str
    publisher_id: str
    currency: str
    status: CommissionStatus
    amount_minor: int
    paid_minor: int
