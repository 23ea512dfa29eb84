"""Looks for what does not add up in the books: all of them, or what was booked in a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.ports import Database

_PAGE: Final = (
    "WITH booked AS MATERIALIZED (SELECT id, commission_id, payout_id, booked_at"
    " FROM ledger_transaction WHERE booked_at > $1 AND booked_at <= $2"
    " ORDER BY booked_at FETCH FIRST $3 ROWS WITH TIES)"
)
_WRONG_COMMISSIONS: Final = (
    " LEFT JOIN ledger_transaction t ON t.commission_id = c.id AND t.kind IN ('accrual',"
    " 'reversal', 'correction', 'rejection') GROUP BY c.id, c.amount_minor"
    " HAVING c.amount_minor <> COALESCE(sum(CASE t.kind WHEN 'rejection' THEN -t.amount_minor"
    " ELSE t.amount_minor END), 0)"
)
_WRONG_PAYOUTS: Final = (
    " LEFT JOIN ledger_transaction t ON t.payout_id = p.id GROUP BY p.id, p.status, p.amount_minor"
    " HAVING COALESCE(sum(CASE t.kind WHEN 'void' THEN -t.amount_minor ELSE t.amount_minor END), 0)"
    " <> CASE p.status WHEN 'void' THEN 0 ELSE p.amount_minor END"
)
_WRONG_MOVEMENTS: Final = (
    " t LEFT JOIN ledger_entry e ON e.transaction_id = t.id GROUP BY t.id"
    " HAVING COALESCE(sum(e.amount_minor), 1) <> 0 OR count(e.id) <> 2"
)


@dataclass(frozen=True, slots=True)
class AuditedPage:
    """Movements in the order in which they were booked."""

    until: datetime | None
    """When the last of them was booked; all of that instant are among them."""
    wrong: tuple[str, ...]


class LedgerAudit:
    """Reads what is wrong: there must never be any.

    That is a movement whose two sides do not cancel out, or a commission or a payout whose amount
    is not what its movements say.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def imbalances(self, *, limit: int = 100) -> Sequence[str]:
        """Return the ids of what is wrong anywhere: reads the whole ledger."""
        rows = await self._db.fetch_all(
            f"SELECT t.id FROM ledger_transaction{_WRONG_MOVEMENTS}"
            f" UNION ALL SELECT c.id FROM commission c{_WRONG_COMMISSIONS}"
            f" UNION ALL SELECT p.id FROM payout p{_WRONG_PAYOUTS} LIMIT $1",
            limit,
        )
        return [row["id"] for row in rows]

    async def page(self, *, since: datetime, until: datetime, limit: int) -> AuditedPage:
        """Return what is wrong of the movements booked after `since`, and of what they are of.

        Args:
            since: Exclusive.
            until: Inclusive.
            limit: Of movements; those of the last one's instant come on top of it.
        """
        row = await self._db.fetch_one(
            f"{_PAGE}, wrong AS (SELECT t.id FROM booked{_WRONG_MOVEMENTS}"
            " UNION ALL SELECT c.id FROM (SELECT id, amount_minor FROM commission WHERE id IN"
            f" (SELECT commission_id FROM booked)) c{_WRONG_COMMISSIONS}"
            " UNION ALL SELECT p.id FROM (SELECT id, status, amount_minor FROM payout WHERE id IN"
            f" (SELECT payout_id FROM booked)) p{_WRONG_PAYOUTS})"
            " SELECT max(booked_at) AS until,"
            " ARRAY(SELECT id FROM wrong ORDER BY id LIMIT 10) AS wrong FROM booked",
            since,
            until,
            limit,
        )
        assert row is not None  # noqa: S101 - an aggregate has a row
        return AuditedPage(row["until"], tuple(row["wrong"]))
