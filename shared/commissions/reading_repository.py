"""Reads commissions, what explains them, balances and statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.commissions.ledger import Account
from shared.commissions.own_schemas import PaidLine
from shared.commissions.schemas import (
    Balance,
    CommissionRead,
    ConversionRead,
    EntryRead,
    MovementRead,
    StatementBalance,
    StatementLine,
)
from shared.ports import Database

_COMMISSION: Final = ", ".join(CommissionRead.model_fields)
_CONVERSION: Final = ", ".join(ConversionRead.model_fields)
_MOVEMENT: Final = ", ".join(name for name in MovementRead.model_fields if name != "entries")
_LINE: Final = (
    "t.id, t.kind, t.booked_at, t.occurred_at, t.commission_id, c.order_id, t.payout_id,"
    " t.fact_kind, t.fact_id,"
    " COALESCE(-sum(e.amount_minor) FILTER (WHERE e.account_id = $1), 0)::bigint AS pending_minor,"
    " COALESCE(-sum(e.amount_minor) FILTER (WHERE e.account_id = $2), 0)::bigint AS approved_minor"
)


class CommissionReads:
    """The reading side of commissions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def newest(
        self,
        *,
        publisher_id: str | None,
        status: str | None,
        currency: str | None,
        order_id: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[CommissionRead]:
        """Return commissions, newest first."""
        rows = await self._db.fetch_all(
            f"SELECT {_COMMISSION} FROM commission WHERE ($1::text IS NULL OR publisher_id = $1)"
            " AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR currency = $3)"
            " AND ($4::text IS NULL OR order_id = $4)"
            " AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))"
            " ORDER BY created_at DESC, id DESC LIMIT $7",
            publisher_id,
            status,
            currency,
            order_id,
            *(before or (None, "")),
            limit,
        )
        return [CommissionRead.model_validate(dict(row)) for row in rows]

    async def conversions(
        self,
        *,
        publisher_id: str | None,
        order_id: str | None,
        earns_nothing_because: str | None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[ConversionRead]:
        """Return attributed orders, the one placed last first."""
        rows = await self._db.fetch_all(
            f"SELECT {_CONVERSION} FROM conversion WHERE ($1::text IS NULL OR publisher_id = $1)"
            " AND ($2::text IS NULL OR order_id = $2)"
            " AND ($3::text IS NULL OR earns_nothing_because = $3)"
            " AND ($4::timestamptz IS NULL OR (ordered_at, id) < ($4, $5))"
            " ORDER BY ordered_at DESC, id DESC LIMIT $6",
            publisher_id,
            order_id,
            earns_nothing_because,
            *(before or (None, "")),
            limit,
        )
        return [ConversionRead.model_validate(dict(row)) for row in rows]

    async def find(self, commission_id: str) -> CommissionRead | None:
        """Return a commission, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_COMMISSION} FROM commission WHERE id = $1", commission_id
        )
        return None if row is None else CommissionRead.model_validate(dict(row))

    async def movements(self, commission_id: str) -> Sequence[MovementRead]:
        """Return the movements of a commission with their entries, oldest first."""
        entries: defaultdict[str, list[EntryRead]] = defaultdict(list)
        for row in await self._db.fetch_all(
            "SELECT e.transaction_id, a.owner_id, a.kind AS account, e.amount_minor"
            " FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id"
            " JOIN ledger_account a ON a.id = e.account_id WHERE t.commission_id = $1"
            " ORDER BY e.amount_minor DESC",
            commission_id,
        ):
            side = {name: row[name] for name in EntryRead.model_fields}
            entries[row["transaction_id"]].append(EntryRead.model_validate(side))
        rows = await self._db.fetch_all(
            f"SELECT {_MOVEMENT} FROM ledger_transaction WHERE commission_id = $1"
            " ORDER BY booked_at, occurred_at, id",
            commission_id,
        )
        return [MovementRead.model_validate({**row, "entries": entries[row["id"]]}) for row in rows]

    async def payments(self, commission_id: str) -> Sequence[PaidLine]:
        """Return what invoices paid of a commission, void ones too."""
        rows = await self._db.fetch_all(
            "SELECT l.commission_id, l.order_id, l.amount_minor, i.payout_id,"
            " i.number AS invoice_number, p.status AS payout_status FROM invoice_line l"
            " JOIN invoice i ON i.id = l.invoice_id JOIN payout p ON p.id = i.payout_id"
            " WHERE l.commission_id = $1 ORDER BY i.issued_at, i.id",
            commission_id,
        )
        return [PaidLine.model_validate(dict(row)) for row in rows]

    async def balances(
        self, publisher_id: str, *, now: datetime, after: str, limit: int
    ) -> Sequence[Balance]:
        """Return what a publisher is owed by each currency that it has earned in, after one."""
        rows = await self._db.fetch_all(
            "SELECT a.currency, COALESCE(-sum(e.amount_minor) FILTER (WHERE a.kind = 'pending'), 0)"
            "::bigint AS pending_minor, COALESCE(-sum(e.amount_minor) FILTER"
            " (WHERE a.kind = 'approved'), 0)::bigint AS approved_minor,"
            " (SELECT COALESCE(sum(amount_minor), 0)::bigint FROM payout p"
            " WHERE p.publisher_id = $1 AND p.currency = a.currency AND p.status = 'booked')"
            " AS paid_minor,"
            " (SELECT COALESCE(sum(amount_minor), 0)::bigint FROM commission c"
            " WHERE c.publisher_id = $1 AND c.currency = a.currency AND c.status = 'disputed')"
            " AS disputed_minor,"
            " (SELECT COALESCE(sum(amount_minor), 0)::bigint FROM commission c"
            " WHERE c.publisher_id = $1 AND c.currency = a.currency AND c.status = 'pending'"
            " AND c.approvable_at <= $2) AS due_minor"
            " FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id"
            ' WHERE a.owner_id = $1 AND a.currency COLLATE "C" > $3'
            ' GROUP BY a.currency ORDER BY a.currency COLLATE "C" LIMIT $4',
            publisher_id,
            now,
            after,
            limit,
        )
        return [Balance.model_validate(dict(row)) for row in rows]

    async def owed_before(self, publisher_id: str, currency: str, at: datetime) -> StatementBalance:
        """Return what was owed before an instant."""
        pending, approved = _accounts(publisher_id, currency)
        row = await self._db.fetch_one(
            "SELECT COALESCE(-sum(amount_minor) FILTER (WHERE account_id = $1), 0)::bigint"
            " AS pending_minor, COALESCE(-sum(amount_minor) FILTER (WHERE account_id = $2), 0)"
            "::bigint AS approved_minor FROM ledger_entry"
            " WHERE account_id IN ($1, $2) AND booked_at < $3",
            pending,
            approved,
            at,
        )
        return StatementBalance.model_validate(dict(row or {}))

    async def wait_for_bookings(self, publisher_id: str) -> None:
        """Wait for whoever books for a publisher; nobody begins until the transaction ends."""
        await self._db.execute("SELECT FROM publisher WHERE id = $1 FOR SHARE", publisher_id)

    async def statement(
        self,
        publisher_id: str,
        currency: str,
        *,
        since: datetime,
        until: datetime,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[StatementLine]:
        """Return the movements of a period that follow a position, oldest first."""
        rows = await self._db.fetch_all(
            "WITH page AS (SELECT * FROM ledger_transaction WHERE publisher_id = $3"
            " AND currency = $4 AND booked_at >= $5 AND booked_at < $6"
            " AND ($7::timestamptz IS NULL OR (booked_at, id) > ($7, $8))"
            " ORDER BY booked_at, id LIMIT $9)"
            f" SELECT {_LINE} FROM page t JOIN ledger_entry e ON e.transaction_id = t.id"
            " LEFT JOIN commission c ON c.id = t.commission_id"
            " GROUP BY t.id, t.kind, t.booked_at, t.occurred_at, t.commission_id, c.order_id,"
            " t.payout_id, t.fact_kind, t.fact_id ORDER BY t.booked_at, t.id",
            *_accounts(publisher_id, currency),
            publisher_id,
            currency,
            since,
            until,
            *(after or (None, "")),
            limit,
        )
        return [StatementLine.model_validate(dict(row)) for row in rows]


def _accounts(publisher_id: str, currency: str) -> tuple[str, str]:
    return (
        Account(publisher_id, "pending", currency).id,
        Account(publisher_id, "approved", currency).id,
    )
