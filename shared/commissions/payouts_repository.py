"""Payouts with their invoices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.commissions.ledger import Account
from shared.commissions.own_schemas import InvoiceLineRead
from shared.commissions.schemas import PayoutRead
from shared.ids import derived_id
from shared.ports import Database

_PAYOUT: Final = (
    "p.id, p.publisher_id, p.currency, p.amount_minor, p.payment_reference, p.note,"
    " i.id AS invoice_id, i.number AS invoice_number, p.created_at, p.created_by,"
    " p.payment_reference_at, p.payment_reference_by, p.status, p.voided_at, p.voided_by,"
    " p.void_reason"
    " FROM payout p JOIN invoice i ON i.payout_id = p.id"
)


class Payouts:
    """What was paid; whoever adds has locked the publisher."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find(self, payout_id: str) -> PayoutRead | None:
        """Return a payout, or None."""
        row = await self._db.fetch_one(f"SELECT {_PAYOUT} WHERE p.id = $1", payout_id)
        return None if row is None else PayoutRead.model_validate(dict(row))

    async def newest(
        self,
        *,
        publisher_id: str | None,
        currency: str | None,
        status: str | None = None,
        has_reference: bool | None = None,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[PayoutRead]:
        """Return payouts, newest first."""
        rows = await self._db.fetch_all(
            f"SELECT {_PAYOUT} WHERE ($1::text IS NULL OR p.publisher_id = $1)"
            " AND ($2::text IS NULL OR p.currency = $2)"
            " AND ($3::text IS NULL OR p.status = $3)"
            " AND ($4::bool IS NULL OR (p.payment_reference IS NOT NULL) = $4)"
            " AND ($5::timestamptz IS NULL OR (p.created_at, p.id) < ($5, $6))"
            " ORDER BY p.created_at DESC, p.id DESC LIMIT $7",
            publisher_id,
            currency,
            status,
            has_reference,
            *(before or (None, "")),
            limit,
        )
        return [PayoutRead.model_validate(dict(row)) for row in rows]

    async def lines(self, invoice_id: str, *, after: str, limit: int) -> Sequence[InvoiceLineRead]:
        """Return the lines of an invoice that follow a commission."""
        rows = await self._db.fetch_all(
            "SELECT commission_id, order_id, amount_minor FROM invoice_line WHERE invoice_id = $1"
            " AND commission_id > $2 ORDER BY commission_id LIMIT $3",
            invoice_id,
            after,
            limit,
        )
        return [InvoiceLineRead.model_validate(dict(row)) for row in rows]

    async def settle_lines(self, payout_id: str, publisher_id: str, currency: str) -> int:
        """Write what is unpaid of each approved commission as lines; return their sum."""
        return int(
            await self._db.fetch_value(
                "WITH line AS (INSERT INTO invoice_line (id, invoice_id, commission_id, order_id,"
                " amount_minor) SELECT 'inl_' || md5($1 || id), $1, id, order_id,"
                " amount_minor - paid_minor FROM commission WHERE publisher_id = $2"
                " AND currency = $3 AND status IN ('approved', 'paid')"
                " AND amount_minor <> paid_minor RETURNING amount_minor)"
                " SELECT COALESCE(sum(amount_minor), 0)::bigint FROM line",
                invoice_id(payout_id),
                publisher_id,
                currency,
            )
        )

    async def approved_balance(self, publisher_id: str, currency: str) -> int:
        """Return what the ledger says is owed on the approved account."""
        return int(
            await self._db.fetch_value(
                "SELECT COALESCE(-sum(amount_minor), 0)::bigint FROM ledger_entry"
                " WHERE account_id = $1",
                Account(publisher_id, "approved", currency).id,
            )
        )

    async def mark_paid(self, payout_id: str, *, at: datetime, by: str) -> None:
        """Note on each commission of the payout's invoice that it is paid."""
        await self._db.execute(
            "UPDATE commission AS c SET paid_minor = c.amount_minor, status = 'paid',"
            " updated_at = $2, updated_by = $3 FROM invoice_line l"
            " WHERE l.invoice_id = $1 AND c.id = l.commission_id",
            invoice_id(payout_id),
            at,
            by,
        )

    async def mark_unpaid(self, payout_id: str, *, at: datetime, by: str) -> None:
        """Take back what a void payout's invoice paid of each commission.

        One that another invoice names stays paid, and is owed the difference.
        """
        await self._db.execute(
            "UPDATE commission AS c SET paid_minor = c.paid_minor - l.amount_minor,"
            " status = CASE WHEN EXISTS (SELECT FROM invoice_line o"
            " JOIN invoice i ON i.id = o.invoice_id AND i.status = 'issued'"
            " WHERE o.commission_id = c.id) THEN 'paid' ELSE 'approved' END,"
            " updated_at = $2, updated_by = $3 FROM invoice_line l"
            " WHERE l.invoice_id = $1 AND c.id = l.commission_id",
            invoice_id(payout_id),
            at,
            by,
        )

    async def mark_void(self, payout_id: str, *, reason: str, at: datetime, by: str) -> None:
        """Note on a payout and on its invoice that they are void."""
        await self._db.execute(
            "UPDATE payout SET status = 'void', voided_at = $2, voided_by = $3, void_reason = $4"
            " WHERE id = $1",
            payout_id,
            at,
            by,
            reason,
        )
        await self._db.execute(
            "UPDATE invoice SET status = 'void', voided_at = $2 WHERE payout_id = $1",
            payout_id,
            at,
        )

    async def set_reference(
        self, payout_id: str, reference: str | None, *, at: datetime, by: str
    ) -> bool:
        """Note what the bank calls the transfer; False if there is no such payout or it is void."""
        changed = await self._db.execute(
            "UPDATE payout SET payment_reference = $2, payment_reference_at = $3,"
            " payment_reference_by = $4 WHERE id = $1 AND status = 'booked'",
            payout_id,
            reference,
            at,
            by,
        )
        return changed > 0

    async def add(self, payout: PayoutRead) -> None:
        """Keep a payout and its invoice under the publisher's next number."""
        await self._db.execute(
            "INSERT INTO payout (id, publisher_id, currency, amount_minor, payment_reference,"
            " note, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            payout.id,
            payout.publisher_id,
            payout.currency,
            payout.amount_minor,
            payout.payment_reference,
            payout.note,
            payout.created_at,
            payout.created_by,
        )
        await self._db.execute(
            "INSERT INTO invoice (id, payout_id, publisher_id, number, currency, total_minor,"
            " issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            payout.invoice_id,
            payout.id,
            payout.publisher_id,
            payout.invoice_number,
            payout.currency,
            payout.amount_minor,
            payout.created_at,
        )

    async def next_number(self, publisher_id: str) -> int:
        """Return the number of the publisher's next invoice."""
        return int(
            await self._db.fetch_value(
                "SELECT COALESCE(max(number), 0) + 1 FROM invoice WHERE publisher_id = $1",
                publisher_id,
            )
        )


def invoice_id(payout_id: str) -> str:
    """Return the id of a payout's invoice."""
    return derived_id("inv", payout_id)
