"""What is kept of customers and of the shop: read for an export, erased on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.ports import Database

_CHILDREN: Final = (
    "order_address", "order_line_item", "order_transaction", "order_refund", "order_refund_line",
    "fulfillment", "fulfillment_line", "order_return", "order_return_line",
)  # fmt: skip
_OF_ORDERS: Final = {
    "order_header": (
        "SELECT to_jsonb(t) - 'written_by' - 'version' - 'stream_pending_version' AS row"
        " FROM order_header AS t WHERE id = ANY($1::text[]) ORDER BY id"
    ),
    "order_summary": (
        "SELECT to_jsonb(t) - 'written_by' AS row FROM order_summary AS t"
        " WHERE order_id = ANY($1::text[]) ORDER BY order_id"
    ),
    **{
        table: f"SELECT to_jsonb(t) - 'written_by' AS row FROM {table} AS t"
        " WHERE order_id = ANY($1::text[]) ORDER BY order_id, id"
        for table in _CHILDREN
    },
}
_ERASED: Final = {
    **{
        table: f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT $1)"
        for table in (
            *_CHILDREN, "order_header", "fulfillment_daily_summary", "customer", "product_variant",
            "link_product_tag", "link_product_macrodata_artifact", "product", "product_tag",
        )
    },
    **{
        table: f"DELETE FROM {table} WHERE order_id IN (SELECT order_id FROM {table} LIMIT $1)"
        for table in ("order_summary", "order_mark")
    },
}  # fmt: skip
SHOP_TABLES: Final = tuple(_ERASED)
"""Every table that holds what came from Shopify."""


class CustomerRecords:
    """The rows about a customer, and about the shop."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def order_ids(
        self,
        *,
        customer_id: str | None,
        email_hash: str | None,
        named: Sequence[str],
        after: str,
        limit: int,
    ) -> Sequence[str]:
        """Return the next orders of a customer: those that name them, and those that are named."""
        rows = await self._db.fetch_all(
            "SELECT id FROM order_header WHERE id > $4 AND"
            " (customer_id = $1 OR email_hash = $2 OR id = ANY($3::text[])) ORDER BY id LIMIT $5",
            customer_id,
            email_hash,
            list(named),
            after,
            limit,
        )
        return [row["id"] for row in rows]

    async def orders(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
        """Return all rows of some orders by table."""
        return {
            table: [row["row"] for row in await self._db.fetch_all(sql, list(order_ids))]
            for table, sql in _OF_ORDERS.items()
        }

    async def erase(self, table: str, *, limit: int) -> int:
        """Remove up to `limit` rows of one of `SHOP_TABLES`; return how many there were."""
        return await self._db.execute(_ERASED[table], limit)
