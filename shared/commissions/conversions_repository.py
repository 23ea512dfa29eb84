"""Reads what attribution rests on, and keeps the conversions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, fields
from typing import Final

from shared.commissions.models import (
    ActivePeriod,
    AppliedRate,
    CodeAssignment,
    Conversion,
    ProgramTerms,
    Referrer,
)
from shared.orders.emails import email_hash
from shared.ports import Database

_COLUMNS: Final = ", ".join(field.name for field in fields(Conversion))
_SQL_TYPES: Final = {"int": "bigint", "datetime": "timestamptz", "datetime | None": "timestamptz"}
_ARRAYS: Final = ", ".join(
    f"${number}::{_SQL_TYPES.get(str(field.type), 'text')}[]"
    for number, field in enumerate(fields(Conversion), start=1)
)


class Conversions:
    """The attributed orders, and the evidence for attributing more."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_orders(self, order_ids: Collection[str]) -> Mapping[str, Conversion]:
        """Return the conversions of those of these orders that have one, by order."""
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM conversion WHERE order_id = ANY($1::text[])", list(order_ids)
        )
        return {row["order_id"]: Conversion(**row) for row in rows}

    async def find(self, conversion_id: str) -> Conversion:
        """Return a conversion that a commission names."""
        row = await self._db.fetch_one(
            f"SELECT {_COLUMNS} FROM conversion WHERE id = $1", conversion_id
        )
        assert row is not None  # noqa: S101 - both were kept in one transaction
        return Conversion(**row)

    async def add(self, conversions: Sequence[Conversion]) -> None:
        """Keep new conversions; an order that has one keeps it."""
        if conversions:
            await self._db.execute(
                f"INSERT INTO conversion ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS})"
                " ON CONFLICT (order_id) DO NOTHING",
                *map(list, zip(*map(astuple, conversions), strict=True)),
            )

    async def lock_orders(self, order_ids: Collection[str]) -> Mapping[str, int]:
        """Keep others from writing these orders, and return their versions."""
        rows = await self._db.fetch_all(
            "SELECT id, version FROM order_header WHERE id = ANY($1::text[])"
            " ORDER BY id FOR NO KEY UPDATE",
            list(order_ids),
        )
        return {row["id"]: row["version"] for row in rows}

    async def referrers(self, clicks: Mapping[str, str]) -> Mapping[str, Referrer]:
        """Return whom clicks lead to: by the row of the click, else as its item stands now.

        Args:
            clicks: Ids of clicks and of their items.
        """
        rows = await self._db.fetch_all(
            "SELECT c.click_id, COALESCE(r.publisher_id, p.publisher_id) AS publisher_id,"
            " COALESCE(r.program_id, p.program_id) AS program_id,"
            " COALESCE(r.publication_id, p.id) AS publication_id, c.item_id,"
            " COALESCE(r.product_id, i.product_id) AS product_id"
            " FROM unnest($1::text[], $2::text[]) AS c (click_id, item_id)"
            " LEFT JOIN referral r ON r.id = c.click_id AND r.item_id = c.item_id"
            " LEFT JOIN publication_item i ON i.id = c.item_id"
            " LEFT JOIN publication p ON p.id = i.publication_id"
            " WHERE COALESCE(r.publisher_id, p.publisher_id) IS NOT NULL"
            " AND COALESCE(r.program_id, p.program_id) IS NOT NULL",
            list(clicks),
            list(clicks.values()),
        )
        names = [field.name for field in fields(Referrer)]
        return {row["click_id"]: Referrer(**{name: row[name] for name in names}) for row in rows}

    async def assignments(self, codes: Collection[str]) -> Sequence[CodeAssignment]:
        """Return whom these codes (upper case) stand for or stood for."""
        rows = await self._db.fetch_all(
            "SELECT a.id, a.code, a.publisher_id, a.program_id, a.created_at, a.ended_at"
            " FROM discount_code_assignment a WHERE upper(a.code) = ANY($1::text[])"
            " ORDER BY a.created_at, a.id",
            sorted(codes),
        )
        return [CodeAssignment(**row) for row in rows]

    async def programs(self, program_ids: Collection[str]) -> Mapping[str, ProgramTerms]:
        """Return the terms of these programs, whether they are active or not."""
        rows = await self._db.fetch_all(
            "SELECT id AS program_id, attribution_days, hold_days FROM program"
            " WHERE id = ANY($1::text[])",
            sorted(program_ids),
        )
        return {row["program_id"]: ProgramTerms(**row) for row in rows}

    async def periods(self, owner_ids: Collection[str]) -> Sequence[ActivePeriod]:
        """Return when these publishers and programs were active."""
        rows = await self._db.fetch_all(
            "SELECT owner_id, began_at, ended_at FROM active_period"
            " WHERE owner_id = ANY($1::text[])",
            sorted(owner_ids),
        )
        return [ActivePeriod(**row) for row in rows]

    async def email_hashes(self, publisher_ids: Collection[str]) -> Mapping[str, str | None]:
        """Return what the addresses of these publishers are in orders."""
        rows = await self._db.fetch_all(
            "SELECT id, email FROM publisher WHERE id = ANY($1::text[])", sorted(publisher_ids)
        )
        return {row["id"]: email_hash(row["email"]) for row in rows}

    async def rates(self, program_ids: Collection[str]) -> Sequence[AppliedRate]:
        """Return every rate of these programs."""
        rows = await self._db.fetch_all(
            "SELECT id, program_id, publisher_id, basis_points, effective_from FROM program_rate"
            " WHERE program_id = ANY($1::text[])",
            sorted(program_ids),
        )
        return [AppliedRate(**row) for row in rows]
