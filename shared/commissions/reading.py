"""What staff and publishers read of commissions: explained, summed up, and as a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.commissions.conversions_repository import Conversions
from shared.commissions.models import Fact
from shared.commissions.reading_repository import CommissionReads
from shared.commissions.review_repository import Reviews
from shared.commissions.schemas import (
    Balance,
    CommissionExplained,
    MovementRead,
    Statement,
)
from shared.errors import BadRequest, FieldProblem, NotFound
from shared.ports import Database
from shared.publishers.versioned_repository import PUBLISHERS


async def explained(
    db: Database, commission_id: str, *, publisher_id: str | None = None
) -> CommissionExplained:
    """Return a commission with all that it follows from.

    Args:
        db: Where it is kept.
        commission_id: The commission.
        publisher_id: Whose it must be, if it matters.

    Raises:
        NotFound: There is none, or it is another publisher's.
    """
    reads = CommissionReads(db)
    found = await reads.find(commission_id)
    if found is None or publisher_id not in {None, found.publisher_id}:
        raise NotFound(f"there is no commission {commission_id}")
    movements = await reads.movements(commission_id)
    return CommissionExplained(
        **found.model_dump(),
        conversion=await Conversions(db).find(found.conversion_id),
        facts=_facts(movements),
        movements=list(movements),
        disputes=list(await Reviews(db).disputes(commission_id)),
        payments=list(await reads.payments(commission_id)),
    )


async def balances(
    db: Database, publisher_id: str, *, now: datetime, after: str, limit: int
) -> Sequence[Balance]:
    """Return what a publisher is owed in the currencies after one. Raises NotFound."""
    await PUBLISHERS.get(db, publisher_id)
    return await CommissionReads(db).balances(publisher_id, now=now, after=after, limit=limit)


async def statement(
    db: Database,
    publisher_id: str,
    currency: str,
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Statement:
    """Return a page of a publisher's ledger with what was owed before and after the period.

    What is being booked right now is waited for, so that a period that is over stays as it is.
    The page has one line more than `limit` if there are more.

    Raises:
        BadRequest: The period ends before it begins.
    """
    if until <= since:
        problem = FieldProblem("/until", "must be later than since")
        raise BadRequest("/until: must be later than since", problems=[problem])
    reads = CommissionReads(db)
    async with db.transaction():
        await reads.wait_for_bookings(publisher_id)
        lines = await reads.statement(
            publisher_id, currency, since=since, until=until, after=after, limit=limit + 1
        )
        return Statement(
            publisher_id=publisher_id,
            currency=currency,
            since=since,
            until=until,
            opening=await reads.owed_before(publisher_id, currency, since),
            closing=await reads.owed_before(publisher_id, currency, until),
            items=list(lines),
            next_cursor=None,
        )


def _facts(movements: Sequence[MovementRead]) -> list[Fact]:
    """Return each fact with what all of its movements add up to."""
    facts: dict[tuple[str, str], Fact] = {}
    for one in movements:
        if one.fact_kind is None or one.fact_id is None:
            continue
        held = facts.get((one.fact_kind, one.fact_id))
        facts[one.fact_kind, one.fact_id] = Fact(
            kind=one.fact_kind,
            id=one.fact_id,
            occurred_at=one.occurred_at,
            money_minor=one.fact_minor or 0,
            commission_minor=one.amount_minor + (held.commission_minor if held else 0),
        )
    return sorted(facts.values(), key=lambda fact: (fact.kind, fact.occurred_at, fact.id))
