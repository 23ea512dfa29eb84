"""What the measurement reads in PostgreSQL: the product dimension and the shop's currency."""

from __future__ import annotations

from collections.abc import Sequence

from shared.performance.preview_schemas import KnownProduct
from shared.performance.schemas import ProductDimensionRow
from shared.ports import Database, Row


class ProductDimension:
    """Products as the measurement joins them: one row each, with tags, designer and overrides."""

    def __init__(self, db: Database, *, timezone: str) -> None:
        self._db = db
        self._timezone = timezone

    async def page(self, *, after: str = "", limit: int = 1_000) -> Sequence[ProductDimensionRow]:
        """Return the products that follow an id, in the order of their ids.

        A product has the designer to whom one of its tags is assigned; of several, the one who
        was assigned first.
        """
        rows = await self._db.fetch_all(
            """
            WITH page AS (
                SELECT id, title, status = 'ACTIVE' AND deleted_at IS NULL AS is_active,
                       (published_at AT TIME ZONE $3)::date AS published_day,
                       (created_at AT TIME ZONE $3)::date AS created_day
                FROM product WHERE id > $1 ORDER BY id LIMIT $2
            ),
            tagged AS (
                SELECT l.product_id,
                       array_agg(DISTINCT t.name ORDER BY t.name) AS tags,
                       array_agg(DISTINCT c.name ORDER BY c.name)
                           FILTER (WHERE c.name IS NOT NULL) AS categories
                FROM page p
                JOIN link_product_tag l ON l.product_id = p.id
                JOIN product_tag t ON t.id = l.tag_id
                LEFT JOIN product_category c ON c.id = t.category_id
                GROUP BY l.product_id
            ),
            designed AS (
                SELECT DISTINCT ON (l.product_id) l.product_id, a.payload ->> 'designer' AS designer
                FROM page p
                JOIN link_product_tag l ON l.product_id = p.id
                JOIN macrodata_artifact a
                  ON a.kind = 'agent_assignment' AND a.status = 'active'
                 AND a.payload ->> 'tag_id' = l.tag_id
                ORDER BY l.product_id, a.created_at, a.id
            )
            SELECT p.id, p.title, p.is_active, p.published_day, p.created_day,
                   coalesce(g.tags, '{}') AS tags, coalesce(g.categories, '{}') AS categories,
                   d.designer, o.payload AS override
            FROM page p
            LEFT JOIN tagged g ON g.product_id = p.id
            LEFT JOIN designed d ON d.product_id = p.id
            LEFT JOIN macrodata_artifact o
              ON o.kind = 'measurement_override' AND o.name = p.id AND o.status = 'active'
            ORDER BY p.id
            """,
            after,
            limit,
            self._timezone,
        )
        return [_dimension_row(row) for row in rows]


async def known_products(db: Database, *, timezone: str, limit: int) -> Sequence[KnownProduct]:
    """Return what the measured rows do not tell of products: see `KnownProduct`."""
    rows = await db.fetch_all(
        """
        SELECT p.id AS product_id, (p.created_at AT TIME ZONE $1)::date AS created_day,
               (o.payload ->> 'aggregate_measurement_value')::float8 AS value,
               o.payload ->> 'nominal_classification' AS class
        FROM product p
        LEFT JOIN macrodata_artifact o
          ON o.kind = 'measurement_override' AND o.name = p.id AND o.status = 'active'
        WHERE o.payload ->> 'aggregate_measurement_value' IS NOT NULL
           OR o.payload ->> 'nominal_classification' IS NOT NULL
           OR (p.published_at IS NULL AND p.status = 'ACTIVE' AND p.deleted_at IS NULL)
        ORDER BY p.id LIMIT $2
        """,
        timezone,
        limit,
    )
    return [KnownProduct.model_validate(dict(row)) for row in rows]


async def shop_currency(db: Database) -> str | None:
    """Return the shop's currency, as its newest order has it; None before the first order."""
    currency: str | None = await db.fetch_value(
        "SELECT currency FROM order_header ORDER BY processed_at DESC, id DESC LIMIT 1"
    )
    return currency


async def is_product(db: Database, product_id: str) -> bool:
    """Return whether there is, or was, such a product."""
    found: bool = await db.fetch_value(
        "SELECT EXISTS (SELECT FROM product WHERE id = $1)", product_id
    )
    return found


def _dimension_row(row: Row) -> ProductDimensionRow:
    return ProductDimensionRow(
        product_id=row["id"],
        product_name=row["title"],
        is_active=row["is_active"],
        published_day=row["published_day"],
        created_day=row["created_day"],
        tags=list(row["tags"]),
        categories=list(row["categories"]),
        designer=row["designer"],
        override=row["override"],
    )
