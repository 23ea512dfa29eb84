"""Reads and classifies tags; keeps the groups that they are classified into."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.ports import Database, Row
from shared.tags.models import ProductCategory, ProductTag


class ProductTags:
    """The tags of the shop."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self, *, after: str = "", limit: int) -> Sequence[ProductTag]:
        """Return the tags that follow an id, in the order of their ids."""
        rows = await self._db.fetch_all(
            "SELECT id, name, category_id FROM product_tag WHERE id > $1 ORDER BY id LIMIT $2",
            after,
            limit,
        )
        return [ProductTag(**row) for row in rows]

    async def classify(
        self, tag_ids: Collection[str], category_id: str | None, *, at: datetime, by: str
    ) -> int:
        """Put tags into a group, or with None into none; return how many are known."""
        return await self._db.execute(
            "UPDATE product_tag SET category_id = $2, classified_at = $3, classified_by = $4"
            " WHERE id = ANY($1::text[])",
            sorted(tag_ids),
            category_id,
            at,
            by,
        )


class ProductCategories:
    """The groups of tags."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self) -> Sequence[ProductCategory]:
        """Return every group, by position and name."""
        rows = await self._db.fetch_all(
            "SELECT id, name, description, version, updated_at, updated_by"
            " FROM product_category ORDER BY position, lower(name)"
        )
        return [_category(row) for row in rows]

    async def add(
        self, category_id: str, name: str, *, description: str | None, at: datetime, by: str
    ) -> ProductCategory:
        """Keep a new group.

        Raises:
            Conflict: There is a group with this name, in any case.
        """
        row = await self._db.fetch_one(
            "INSERT INTO product_category"
            " (id, name, description, created_at, created_by, updated_at, updated_by)"
            " VALUES ($1, $2, $3, $4, $5, $4, $5)"
            " RETURNING id, name, description, version, updated_at, updated_by",
            category_id,
            name,
            description,
            at,
            by,
        )
        assert row is not None  # noqa: S101 - an INSERT that did not raise returns its row
        return _category(row)


def _category(row: Row) -> ProductCategory:
    return ProductCategory(**row)
