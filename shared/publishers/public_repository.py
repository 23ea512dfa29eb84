"""Reads what everybody may see: products on sale, and published lists of active publishers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.ports import Database, Row
from shared.publishers.schemas import (
    PublicItem,
    PublicProduct,
    PublicPublication,
    PublicPublicationItems,
)

_PRODUCT: Final = """
    p.id, p.title, p.handle, p.vendor, p.product_type, p.category_name AS category, p.image_url,
    p.online_store_url AS url, p.price_min, p.price_max, p.published_at,
    p.shopify_updated_at AS updated_at,
    COALESCE((SELECT array_agg(t.name ORDER BY t.name) FROM link_product_tag l
              JOIN product_tag t ON t.id = l.tag_id WHERE l.product_id = p.id), '{}') AS tags
"""
_ON_SALE: Final = "p.status = 'ACTIVE' AND p.deleted_at IS NULL AND p.published_at <= $1"
_PUBLICATION: Final = """
    n.id, n.publisher_id, b.name AS publisher_name, n.title, n.description, n.url, n.published_at,
    n.updated_at FROM publication n JOIN publisher b ON b.id = n.publisher_id
"""
_PUBLISHED: Final = "n.status = 'published' AND n.published_at <= $1 AND b.status = 'active'"


class PublicCatalogue:
    """The public side of the catalogue at an instant; pages are in the order of ids."""

    def __init__(self, db: Database, *, now: datetime) -> None:
        self._db = db
        self._now = now

    async def products(self, *, after: str, limit: int) -> Sequence[PublicProduct]:
        """Return the products on sale that follow an id."""
        rows = await self._db.fetch_all(
            f"SELECT {_PRODUCT} FROM product p WHERE {_ON_SALE} AND p.id > $2"
            " ORDER BY p.id LIMIT $3",
            self._now,
            after,
            limit,
        )
        return [_product(row) for row in rows]

    async def product(self, product_id: str) -> PublicProduct | None:
        """Return a product on sale, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_PRODUCT} FROM product p WHERE {_ON_SALE} AND p.id = $2",
            self._now,
            product_id,
        )
        return None if row is None else _product(row)

    async def publications(self, *, after: str, limit: int) -> Sequence[PublicPublication]:
        """Return the published lists that follow an id."""
        rows = await self._db.fetch_all(
            f"SELECT {_PUBLICATION} WHERE {_PUBLISHED} AND n.id > $2 ORDER BY n.id LIMIT $3",
            self._now,
            after,
            limit,
        )
        return [PublicPublication.model_validate(dict(row)) for row in rows]

    async def publication(self, publication_id: str) -> PublicPublicationItems | None:
        """Return a published list with its items whose products are on sale, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_PUBLICATION} WHERE {_PUBLISHED} AND n.id = $2", self._now, publication_id
        )
        if row is None:
            return None
        items = await self._db.fetch_all(
            f"SELECT i.id AS item_id, i.note, {_PRODUCT} FROM publication_item i"
            " JOIN product p ON p.id = i.product_id"
            f" WHERE {_ON_SALE} AND i.publication_id = $2 AND i.is_active ORDER BY i.position",
            self._now,
            publication_id,
        )
        return PublicPublicationItems.model_validate(
            {**row, "items": [_item(item) for item in items]}
        )


def _product(row: Row) -> PublicProduct:
    return PublicProduct.model_validate(dict(row))


def _item(row: Row) -> PublicItem:
    return PublicItem(id=row["item_id"], note=row["note"], product=_product(row))
