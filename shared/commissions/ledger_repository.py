"""Commissions with their ledger: rows that change, and movements that are only ever appended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from shared.commissions.ledger import Booked, Booking
from shared.commissions.models import Conversion, Earning, FactKind, Standing
from shared.ports import Database

_STANDING: Final = ", ".join(field.name for field in fields(Standing))


class CommissionLedger:
    """Everything here happens in a transaction that has locked the publishers first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def lock_publishers(self, publisher_ids: Collection[str]) -> Mapping[str, str]:
        """Be the only one who books for these publishers until the transaction ends.

        Returns:
            The status of each, which nobody changes meanwhile.
        """
        rows = await self._db.fetch_all(
            "SELECT id, status FROM publisher WHERE id = ANY($1::text[])"
            " ORDER BY id FOR NO KEY UPDATE",
            sorted(set(publisher_ids)),
        )
        return {row["id"]: row["status"] for row in rows}

    async def of_orders(self, order_ids: Collection[str]) -> Sequence[Standing]:
        """Return the commissions of these orders."""
        rows = await self._db.fetch_all(
            f"SELECT {_STANDING} FROM commission WHERE order_id = ANY($1::text[])",
            sorted(order_ids),
        )
        return [Standing(**row) for row in rows]

    async def by_ids(self, ids: Collection[str]) -> Mapping[str, Standing]:
        """Return those of these commissions that there are."""
        rows = await self._db.fetch_all(
            f"SELECT {_STANDING} FROM commission WHERE id = ANY($1::text[])", sorted(ids)
        )
        return {row["id"]: Standing(**row) for row in rows}

    async def booked(
        self, commission_ids: Collection[str]
    ) -> Mapping[str, Mapping[tuple[FactKind, str], Booked]]:
        """Return what was booked of each fact of these commissions."""
        rows = await self._db.fetch_all(
            "SELECT commission_id, fact_kind, fact_id, sum(amount_minor)::bigint AS amount,"
            " count(*) AS times, max(occurred_at) AS at FROM ledger_transaction"
            " WHERE commission_id = ANY($1::text[]) AND fact_id IS NOT NULL"
            " GROUP BY commission_id, fact_kind, fact_id",
            sorted(commission_ids),
        )
        found: defaultdict[str, dict[tuple[FactKind, str], Booked]] = defaultdict(dict)
        for row in rows:
            key = row["fact_kind"], row["fact_id"]
            found[row["commission_id"]][key] = Booked(row["amount"], row["times"], row["at"])
        return found

    async def open(
        self, earned: Sequence[tuple[Conversion, Earning]], *, at: datetime, by: str
    ) -> None:
        """Keep new commissions; nothing is booked of them yet."""
        await self._db.execute(
            "INSERT INTO commission (id, conversion_id, order_id, transaction_id, publisher_id,"
            " program_id, currency, captured_minor, amount_minor, paid_minor, status, earned_at,"
            " approvable_at, created_at, updated_at, updated_by)"
            " SELECT c.id, c.conversion, c.order_id, c.payment, c.publisher, c.program, c.currency,"
            " c.captured, 0, 0, 'pending', c.earned_at, c.earned_at + c.hold_days * interval"
            " '1 day', $10, $10, $11 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],"
            " $5::text[], $6::text[], $7::text[], $8::bigint[], $9::timestamptz[], $12::bigint[])"
            " AS c (id, conversion, order_id, payment, publisher, program, currency, captured,"
            " earned_at, hold_days)",
            [earning.commission_id for _, earning in earned],
            [conversion.id for conversion, _ in earned],
            [conversion.order_id for conversion, _ in earned],
            [earning.transaction_id for _, earning in earned],
            [conversion.publisher_id for conversion, _ in earned],
            [conversion.program_id for conversion, _ in earned],
            [earning.currency for _, earning in earned],
            [earning.captured_minor for _, earning in earned],
            [earning.earned_at for _, earning in earned],
            at,
            by,
            [conversion.hold_days for conversion, _ in earned],
        )

    async def has(self, transaction_id: str) -> bool:
        """Return whether a movement is booked."""
        return bool(
            await self._db.fetch_value(
                "SELECT count(*) FROM ledger_transaction WHERE id = $1", transaction_id
            )
        )

    async def book(self, bookings: Sequence[Booking], *, at: datetime, by: str) -> None:
        """Append movements with both of their sides."""
        if not bookings:
            return
        entries = [entry for booking in bookings for entry in booking.entries]
        accounts = sorted({entry.account for entry in entries})
        await self._db.execute(
            "INSERT INTO ledger_account (id, owner_id, kind, currency) SELECT * FROM"
            " unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (id) DO NOTHING",
            [account.id for account in accounts],
            *map(list, zip(*accounts, strict=True)),
        )
        await self._add_transactions(bookings, at, by)
        await self._db.execute(
            "INSERT INTO ledger_entry (id, transaction_id, account_id, amount_minor, booked_at)"
            " SELECT e.*, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS e",
            [entry.id for entry in entries],
            [entry.transaction_id for entry in entries],
            [entry.account.id for entry in entries],
            [entry.amount_minor for entry in entries],
            at,
        )

    async def _add_transactions(self, bookings: Sequence[Booking], at: datetime, by: str) -> None:
        await self._db.execute(
            "INSERT INTO ledger_transaction (id, kind, publisher_id, currency, amount_minor,"
            " commission_id, payout_id, fact_kind, fact_id, fact_minor, occurred_at, booked_at,"
            " booked_by) SELECT b.*, $12, $13 FROM unnest($1::text[], $2::text[], $3::text[],"
            " $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],"
            " $10::bigint[], $11::timestamptz[]) AS b",
            *(
                [getattr(booking, name) for booking in bookings]
                for name in (
                    *("id", "kind", "publisher_id", "currency", "amount_minor", "commission_id"),
                    *("payout_id", "fact_kind", "fact_id", "fact_minor", "occurred_at"),
                )
            ),
            at,
            by,
        )

    async def change_amounts(
        self, changes: Mapping[str, int], captured: Mapping[str, int], *, at: datetime, by: str
    ) -> None:
        """Add to what commissions amount to, and note what their captures are now."""
        await self._db.execute(
            "UPDATE commission AS c SET amount_minor = c.amount_minor + d.amount,"
            " captured_minor = d.captured, updated_at = $4, updated_by = $5"
            " FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS d (id, amount, captured)"
            " WHERE c.id = d.id",
            list(changes),
            list(changes.values()),
            [captured.get(commission_id, 0) for commission_id in changes],
            at,
            by,
        )

    async def set_status(
        self, ids: Sequence[str], status: str, *, at: datetime, by: str, amount: int | None = None
    ) -> None:
        """Change the status of commissions, and their amount if one is given."""
        await self._db.execute(
            "UPDATE commission SET status = $2, updated_at = $3, updated_by = $4,"
            " amount_minor = COALESCE($5, amount_minor) WHERE id = ANY($1::text[])",
            list(ids),
            status,
            at,
            by,
            amount,
        )
