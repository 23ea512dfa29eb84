"""Reads what exports are made of, a page of rows at a time in the order of a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from shared.csv_exports.models import OrderFilters, ProductFilters
from shared.ports import Database, Row
from shared.tags.models import tag_id

_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
ORDER_COLUMNS: Final = (
    "order_id",
    "name",
    "number",
    "created_at",
    "processed_at",
    "cancelled_at",
    "financial_status",
    "fulfillment_status",
    "return_status",
    "is_test",
    "source_name",
    "lines",
    "units",
    "currency",
    "total_price",
    "subtotal_price",
    "total_tax",
    "total_discounts",
    "total_shipping",
    "current_total_price",
    "total_received",
    "total_refunded",
    "tags",
    "discount_codes",
    "note",
)
PRODUCT_COLUMNS: Final = (
    "product_id",
    "shopify_gid",
    "title",
    "handle",
    "status",
    "vendor",
    "product_type",
    "tags",
    "price_min",
    "price_max",
    "total_inventory",
    "variants",
    "skus",
    "created_at",
    "published_at",
    "deleted_at",
    "online_store_url",
)


class ExportReads:
    """Pages of the rows that exports hold."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def orders(
        self,
        filters: OrderFilters,
        *,
        timezone: str,
        until: datetime,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[Row]:
        """Return the orders that follow another by creation and id.

        Args:
            filters: Which orders.
            timezone: The shop's, whose days the filters name.
            until: Orders created from here on are not part of the export.
            after: Creation and id of the last order before.
            limit: How many at most.
        """
        return await self._db.fetch_all(
            """
            WITH page AS (
                SELECT * FROM order_header h
                WHERE h.created_at < $1 AND h.deleted_at IS NULL
                  AND h.created_at >= $2 AND (h.created_at, h.id) > ($2, $3)
                  AND h.created_at >=
                      coalesce(($4::date)::timestamp AT TIME ZONE $8, '-infinity')
                  AND h.created_at <
                      coalesce(($5::date + 1)::timestamp AT TIME ZONE $8, 'infinity')
                  AND ($6::text[] IS NULL OR h.financial_status = ANY($6))
                  AND ($7::text[] IS NULL OR h.fulfillment_status = ANY($7))
                  AND ($9 OR NOT h.is_test)
                ORDER BY h.created_at, h.id LIMIT $10
            ), counted AS (
                SELECT l.order_id, count(*) AS lines, sum(l.current_quantity)::bigint AS units
                FROM order_line_item l WHERE l.order_id IN (SELECT id FROM page)
                GROUP BY l.order_id
            )
            SELECT p.id AS order_id, p.name, p.number, p.created_at, p.processed_at,
                   p.cancelled_at, p.financial_status, p.fulfillment_status, p.return_status,
                   p.is_test, p.source_name, coalesce(c.lines, 0) AS lines,
                   coalesce(c.units, 0) AS units, p.currency, s.total_price, s.subtotal_price,
                   s.total_tax, s.total_discounts, s.total_shipping, s.current_total_price,
                   s.total_received, s.total_refunded, p.tags, p.discount_codes, p.note
            FROM page p
            LEFT JOIN counted c ON c.order_id = p.id
            LEFT JOIN order_summary s ON s.order_id = p.id
            ORDER BY p.created_at, p.id
            """,
            until,
            *(after or (_FIRST, "")),
            filters.created_from,
            filters.created_to,
            filters.financial_status,
            filters.fulfillment_status,
            timezone,
            filters.include_test,
            limit,
        )

    async def products(self, filters: ProductFilters, *, after: str, limit: int) -> Sequence[Row]:
        """Return the products that follow an id, in the order of their ids."""
        return await self._db.fetch_all(
            """
            WITH page AS (
                SELECT * FROM product p
                WHERE p.id > $1
                  AND ($2::text[] IS NULL OR p.status = ANY($2))
                  AND ($3::text IS NULL OR lower(p.vendor) = lower($3))
                  AND ($4::text IS NULL OR EXISTS (
                      SELECT FROM link_product_tag l WHERE l.product_id = p.id AND l.tag_id = $4))
                  AND ($5 OR p.deleted_at IS NULL)
                ORDER BY p.id LIMIT $6
            ), tagged AS (
                SELECT l.product_id, array_agg(t.name ORDER BY lower(t.name), t.id) AS tags
                FROM link_product_tag l JOIN product_tag t ON t.id = l.tag_id
                WHERE l.product_id IN (SELECT id FROM page) GROUP BY l.product_id
            ), counted AS (
                SELECT v.product_id, count(*) AS variants,
                       array_agg(v.sku ORDER BY v.position, v.id)
                           FILTER (WHERE v.sku IS NOT NULL) AS skus
                FROM product_variant v WHERE v.product_id IN (SELECT id FROM page)
                GROUP BY v.product_id
            )
            SELECT p.id AS product_id, p.shopify_gid, p.title, p.handle, p.status, p.vendor,
                   p.product_type, coalesce(g.tags, '{}') AS tags, p.price_min, p.price_max,
                   p.total_inventory, coalesce(c.variants, 0) AS variants,
                   coalesce(c.skus, '{}') AS skus, p.created_at, p.published_at, p.deleted_at,
                   p.online_store_url
            FROM page p
            LEFT JOIN tagged g ON g.product_id = p.id
            LEFT JOIN counted c ON c.product_id = p.id
            ORDER BY p.id
            """,
            after,
            filters.status,
            filters.vendor,
            None if filters.tag is None else tag_id(filters.tag),
            filters.include_deleted,
            limit,
        )
