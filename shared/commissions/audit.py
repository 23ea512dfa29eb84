"""Looks the ledger over as it grows: each look goes on where the last one found all in order.

A movement is only ever appended, so one that was right stays right; what is wrong holds the looks
where they are, and is found again by each until it is mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.commissions.audit_repository import LedgerAudit
from shared.ports import Databases, Watermarks

LOOKED_UNTIL: Final = "ledger_looked_until"
MOVEMENTS_OF_A_LOOK: Final = 10_000
LAG: Final = timedelta(minutes=1)
"""A transaction lasts 20 s at most: what was booked a minute ago is all there."""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a look has found."""

    right_until: datetime | None
    """When the last movement was booked up to which all adds up; None before the first."""
    wrong: tuple[str, ...]
    """Some ids of movements, commissions and payouts that do not add up."""


async def look_over_ledger(
    databases: Databases,
    watermarks: Watermarks,
    now: datetime,
    *,
    limit: int = MOVEMENTS_OF_A_LOOK,
) -> LedgerState:
    """Check what was booked since the last look, a bounded part of it at once."""
    since = await watermarks.read(LOOKED_UNTIL)
    async with databases.open() as db:
        audit = LedgerAudit(db)
        page = await audit.page(since=since or _BEGINNING, until=now - LAG, limit=limit)
    if page.wrong or page.until is None:
        return LedgerState(since, page.wrong)
    return LedgerState(await watermarks.advance(LOOKED_UNTIL, page.until), ())
