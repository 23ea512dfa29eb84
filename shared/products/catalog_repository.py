"""Reads products for staff: pages of the list, and one with its tags and variants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.ports import Database, Row
from shared.products.schemas import ProductRead, ProductVariantRead
from shared.tags.models import tag_id

_STORED: Final = ", ".join(
    f"p.{name}" for name in ProductRead.model_fields if name not in {"is_active", "tags"}
)
_SHOWN: Final = f"""
    {_STORED}, p.status = 'ACTIVE' AND p.deleted_at IS NULL AS is_active,
    ARRAY(SELECT t.name FROM link_product_tag l JOIN product_tag t ON t.id = l.tag_id
          WHERE l.product_id = p.id ORDER BY lower(t.name), t.id) AS tags
"""
_PAGE: Final = f"""
    WITH page AS (
        SELECT * FROM product p
        WHERE p.id > $1
          AND ($2::text IS NULL OR strpos(lower(p.title), lower($2)) > 0)
          AND ($3::text IS NULL OR p.id IN (
              SELECT l.product_id FROM link_product_tag l WHERE l.tag_id = $3))
          AND ($4::boolean IS NULL
               OR $4 = (p.status = 'ACTIVE' AND p.deleted_at IS NULL))
        ORDER BY p.id LIMIT $5
    )
    SELECT {_SHOWN} FROM page p ORDER BY p.id
"""
_ONE: Final = f"SELECT {_SHOWN} FROM product p WHERE p.id = $1"


class ProductReads:
    """The reading side of the product tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(
        self, *, text: str | None, tag: str | None, is_active: bool | None, after: str, limit: int
    ) -> Sequence[Row]:
        """Return the products that follow an id, in the order of their ids.

        Args:
            text: Part of the title, in any case.
            tag: A tag that they carry, in any case.
            is_active: Only those that are sold, or only the others.
            after: The id of the last product of the page before.
            limit: How many at most.
        """
        wanted = None if tag is None else tag_id(tag)
        return await self._db.fetch_all(_PAGE, after, text, wanted, is_active, limit)

    async def one(self, product_id: str) -> Row | None:
        """Return a product, or None."""
        return await self._db.fetch_one(_ONE, product_id)

    async def tags(self, product_id: str) -> Sequence[Row]:
        """Return the tags of a product with their groups."""
        return await self._db.fetch_all(
            "SELECT t.id, t.name, c.id AS group_id, c.name AS group_name FROM link_product_tag l"
            " JOIN product_tag t ON t.id = l.tag_id"
            " LEFT JOIN product_category c ON c.id = t.category_id"
            " WHERE l.product_id = $1 ORDER BY lower(t.name), t.id",
            product_id,
        )

    async def variants(self, product_id: str) -> Sequence[Row]:
        """Return the variants of a product in their order."""
        return await self._db.fetch_all(
            f"SELECT {', '.join(ProductVariantRead.model_fields)} FROM product_variant"
            " WHERE product_id = $1 ORDER BY position, id",
            product_id,
        )
