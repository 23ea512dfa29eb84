"""Reads whole orders for staff: a constant number of queries, however many orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel

from shared.orders.schemas import (
    FulfillmentLineRead,
    FulfillmentRead,
    OrderAddressRead,
    OrderHeaderRead,
    OrderLineRead,
    OrderMoney,
    OrderRefundLineRead,
    OrderRefundRead,
    OrderTransactionRead,
)
from shared.ports import Database, Row

# Gids grow with time, and the longer number is the greater one.
_BY_GID: Final = "order_id, length(shopify_gid), shopify_gid"
_PARTS: Final[Mapping[str, tuple[str, type[BaseModel], str]]] = {
    "summary": ("order_summary", OrderMoney, "order_id"),
    "addresses": ("order_address", OrderAddressRead, "order_id, kind"),
    "lines": ("order_line_item", OrderLineRead, _BY_GID),
    "transactions": ("order_transaction", OrderTransactionRead, _BY_GID),
    "refunds": ("order_refund", OrderRefundRead, _BY_GID),
    "refund_lines": ("order_refund_line", OrderRefundLineRead, "order_id, id"),
    "fulfillments": ("fulfillment", FulfillmentRead, _BY_GID),
    "fulfillment_lines": ("fulfillment_line", FulfillmentLineRead, "order_id, id"),
}
_STATEMENTS: Final = {
    part: "SELECT order_id, "
    + ", ".join(name for name in shown.model_fields if name != "lines")
    + f" FROM {table} WHERE order_id = ANY($1::text[]) ORDER BY {order}"
    for part, (table, shown, order) in _PARTS.items()
}
_HEADERS: Final = f"""
    SELECT {", ".join(OrderHeaderRead.model_fields)} FROM order_header
    WHERE id IN (
        SELECT id FROM order_header WHERE id = ANY($1::text[])
        UNION SELECT id FROM order_header WHERE name = ANY($2::text[])
        UNION SELECT id FROM order_header WHERE number = ANY($3::bigint[])
        UNION SELECT id FROM order_header WHERE email_hash = ANY($4::text[])
    ) AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))
    ORDER BY created_at DESC, id DESC LIMIT $7
"""
_UNKNOWN: Final = """
    SELECT 'id' AS kind, key FROM unnest($1::text[]) AS key
    WHERE NOT EXISTS (SELECT FROM order_header WHERE id = key)
    UNION ALL SELECT 'name', key FROM unnest($2::text[]) AS key
    WHERE NOT EXISTS (SELECT FROM order_header WHERE name = key)
    UNION ALL SELECT 'number', key::text FROM unnest($3::bigint[]) AS key
    WHERE NOT EXISTS (SELECT FROM order_header WHERE number = key)
    UNION ALL SELECT 'email_hash', key FROM unnest($4::text[]) AS key
    WHERE NOT EXISTS (SELECT FROM order_header WHERE email_hash = key)
"""
Keys = tuple[Sequence[str], Sequence[str], Sequence[int], Sequence[str]]
"""Ids, names, numbers and hashes of e-mail addresses."""
Parts = Mapping[str, Mapping[str, Sequence[Row]]]
"""Rows by the name of the part and the order's id."""


class OrderReads:
    """The reading side of the order tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def headers(
        self, keys: Keys, *, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Row]:
        """Return the orders that a key names, newest first, from behind an instant and id on."""
        return await self._db.fetch_all(_HEADERS, *keys, *(before or (None, "")), limit)

    async def unknown(self, keys: Keys) -> Sequence[tuple[str, str]]:
        """Return kind and text of the keys that name no order."""
        rows = await self._db.fetch_all(_UNKNOWN, *keys)
        return [(row["kind"], row["key"]) for row in rows]

    async def parts(self, order_ids: Sequence[str]) -> Parts:
        """Return everything else of these orders."""
        return {part: await self._part(part, order_ids) for part in _PARTS}

    async def _part(self, part: str, order_ids: Sequence[str]) -> Mapping[str, Sequence[Row]]:
        rows: defaultdict[str, list[Any]] = defaultdict(list)
        for row in await self._db.fetch_all(_STATEMENTS[part], order_ids):
            rows[row["order_id"]].append(dict(row))
        return rows


class FulfillmentDays:
    """The daily counts of fulfillments."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(
        self, *, since: date | None, until: date | None, before: date | None, limit: int
    ) -> Sequence[Row]:
        """Return the days from `since` to `until`, both included, the newest first."""
        return await self._db.fetch_all(
            "SELECT day, total_count, success_count, failure_count, computed_at"
            " FROM fulfillment_daily_summary"
            " WHERE day >= COALESCE($1::date, '-infinity')"
            " AND day <= COALESCE($2::date, 'infinity') AND day < COALESCE($3::date, 'infinity')"
            " ORDER BY day DESC LIMIT $4",
            since,
            until,
            before,
            limit,
        )
