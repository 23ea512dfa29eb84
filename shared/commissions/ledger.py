"""The double-entry ledger: what is booked, between which accounts, and under which id.

A debit is positive, a credit negative. What a publisher is owed is the credit on its accounts:
`pending` until staff approves it, `approved` until a payout, and again once that payout is void.
What was approved may become negative by a later refund; the next payout takes it into account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from shared.commissions.models import CommissionStatus, Earning, Fact, FactKind, Standing
from shared.errors import Conflict
from shared.ids import derived_id

AccountKind = Literal["commission_expense", "payout_clearing", "pending", "approved"]
TransactionKind = Literal[
    "accrual", "reversal", "correction", "approval", "suspension", "rejection", "payout", "void"
]
MERCHANT: Final = "merchant"
_MERCHANTS: Final = frozenset({"commission_expense", "payout_clearing"})
_APPROVED: Final = frozenset({"approved", "paid"})


class Account(NamedTuple):
    """One account."""

    owner_id: str
    kind: AccountKind
    currency: str

    @property
    def id(self) -> str:
        """Return the id that it always has."""
        return derived_id("acc", *self)


class Entry(NamedTuple):
    """One side of a movement."""

    id: str
    transaction_id: str
    account: Account
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Booking:
    """One balanced movement; `amount_minor` is debited to one account and credited to the other."""

    id: str
    kind: TransactionKind
    publisher_id: str
    currency: str
    amount_minor: int
    debit: AccountKind
    credit: AccountKind
    occurred_at: datetime
    commission_id: str | None = None
    payout_id: str | None = None
    fact_kind: FactKind | None = None
    fact_id: str | None = None
    fact_minor: int | None = None

    @property
    def entries(self) -> tuple[Entry, Entry]:
        """Return both sides: their sum is zero."""
        return self._entry(self.debit, self.amount_minor), self._entry(
            self.credit, -self.amount_minor
        )

    def _entry(self, kind: AccountKind, amount: int) -> Entry:
        owner = MERCHANT if kind in _MERCHANTS else self.publisher_id
        account = Account(owner, kind, self.currency)
        return Entry(derived_id("lge", self.id, kind), self.id, account, amount)


class Booked(NamedTuple):
    """What was booked of one fact so far."""

    amount_minor: int
    times: int
    occurred_at: datetime


class PublisherNotActive(Conflict):
    """The publisher is not active: its commissions go on, but are not approved nor paid."""


def check_active(publisher_id: str, status: str) -> None:
    """Raise PublisherNotActive unless money of this publisher may move on."""
    if status != "active":
        raise PublisherNotActive(f"the publisher {publisher_id} is {status}")


def owed_on(status: CommissionStatus) -> AccountKind:
    """Return the account on which a commission of this status is owed."""
    return "approved" if status in _APPROVED else "pending"


def missing(
    standing: Standing, earning: Earning | None, booked: Mapping[tuple[FactKind, str], Booked]
) -> list[Booking]:
    """Return what has to be booked so that the ledger says what the order's state says.

    Args:
        standing: The commission.
        earning: What its capture earns now; None if there is no such capture any more.
        booked: What was booked of each (kind, id) of a fact.
    """
    if standing.status == "reversed":
        return []
    facts = {(fact.kind, fact.id): fact for fact in earning.facts} if earning else {}
    for kind, fact_id in sorted(booked.keys() - facts.keys()):
        at = booked[kind, fact_id].occurred_at
        facts[kind, fact_id] = Fact(kind, fact_id, at, 0, 0)  # it is a fact no more
    bookings = (_of_fact(standing, fact, booked.get(key)) for key, fact in facts.items())
    return [booking for booking in bookings if booking.amount_minor]


def moved(
    standing: Standing,
    kind: TransactionKind,
    debit: AccountKind,
    credit: AccountKind,
    *,
    cause: str,
    at: datetime,
) -> Booking:
    """Return the movement of a whole commission from one account to another.

    Args:
        standing: The commission.
        kind: Why.
        debit: Where it was owed.
        credit: Where it goes.
        cause: What tells this movement from every other of the commission.
        at: When.
    """
    return Booking(
        id=derived_id("ltx", standing.id, kind, cause),
        kind=kind,
        publisher_id=standing.publisher_id,
        currency=standing.currency,
        amount_minor=standing.amount_minor,
        debit=debit,
        credit=credit,
        occurred_at=at,
        commission_id=standing.id,
    )


def _of_fact(standing: Standing, fact: Fact, booked: Booked | None) -> Booking:
    first: TransactionKind = "accrual" if fact.kind == "capture" else "reversal"
    times = booked.times if booked else 0
    return Booking(
        id=derived_id("ltx", standing.id, fact.kind, fact.id, str(times)),
        kind="correction" if times else first,
        publisher_id=standing.publisher_id,
        currency=standing.currency,
        amount_minor=fact.commission_minor - (booked.amount_minor if booked else 0),
        debit="commission_expense",
        credit=owed_on(standing.status),
        occurred_at=fact.occurred_at,
        commission_id=standing.id,
        fact_kind=fact.kind,
        fact_id=fact.id,
        fact_minor=fact.money_minor,
    )
