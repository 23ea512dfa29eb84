"""Reads and classifies tags; keeps the groups that they are classified into."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from shared.ports import Database, Row
from shared.tags.models import ProductCategory, ProductTag

_COUNTED: Final = (
    "c.id, c.name, c.description, c.version, c.updated_at, c.updated_by,"
    " (SELECT count(*) FROM product_tag t WHERE t.category_id = c.id) AS tags"
)


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

    async def classify_each(
        self,
        tag_ids: Sequence[str],
        category_ids: Sequence[str | None],
        *,
        at: datetime,
        by: str,
    ) -> int:
        """Put each tag into its own group; return how many were in another before."""
        return await self._db.execute(
            "UPDATE product_tag AS t SET category_id = a.category_id, classified_at = $3,"
            " classified_by = $4 FROM unnest($1::text[], $2::text[]) AS a (id, category_id)"
            " WHERE t.id = a.id AND t.category_id IS DISTINCT FROM a.category_id",
            tag_ids,
            category_ids,
            at,
            by,
        )

    async def unclassify(self, category_id: str, *, at: datetime, by: str) -> int:
        """Take every tag out of a group."""
        return await self._db.execute(
            "UPDATE product_tag SET category_id = NULL, classified_at = $2, classified_by = $3"
            " WHERE category_id = $1",
            category_id,
            at,
            by,
        )

    async def names_in(self, category_id: str) -> Sequence[str]:
        """Return the tags of a group."""
        rows = await self._db.fetch_all(
            "SELECT name FROM product_tag WHERE category_id = $1 ORDER BY id", category_id
        )
        return [row["name"] for row in rows]

    async def known(self, tag_ids: Collection[str]) -> set[str]:
        """Return those of the ids that are tags; they stay so until the transaction ends."""
        rows = await self._db.fetch_all(
            "SELECT id FROM product_tag WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE",
            sorted(tag_ids),
        )
        return {row["id"] for row in rows}

    async def unclassified(self, *, after: tuple[str, str] | None, limit: int) -> Sequence[Row]:
        """Return the tags in no group that follow another by name and id, with their products."""
        return await self._db.fetch_all(
            "SELECT t.id, t.name,"
            " (SELECT count(*) FROM link_product_tag l WHERE l.tag_id = t.id) AS products"
            " FROM product_tag t WHERE t.category_id IS NULL"
            " AND ($1::text IS NULL OR (lower(t.name), t.id) > (lower($1), $2))"
            " ORDER BY lower(t.name), t.id LIMIT $3",
            *(after or (None, "")),
            limit,
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

    async def counted(self, *, after: str, limit: int) -> Sequence[Row]:
        """Return the groups that follow a name, with how many tags they have."""
        return await self._db.fetch_all(
            f"SELECT {_COUNTED} FROM product_category c WHERE lower(c.name) > lower($1)"
            " ORDER BY lower(c.name) LIMIT $2",
            after,
            limit,
        )

    async def one(self, category_id: str) -> Row | None:
        """Return a group with how many tags it has, or None."""
        return await self._db.fetch_one(
            f"SELECT {_COUNTED} FROM product_category c WHERE c.id = $1", category_id
        )

    async def id_of(self, name: str) -> str | None:
        """Return the id of the group of this name, in any case, or None."""
        found: str | None = await self._db.fetch_value(
            "SELECT id FROM product_category WHERE lower(name) = lower($1)", name
        )
        return found

    async def hold(self, category_ids: Collection[str]) -> set[str]:
        """Return those of the ids that are groups; none is removed before the transaction ends."""
        rows = await self._db.fetch_all(
            "SELECT id FROM product_category WHERE id = ANY($1::text[]) ORDER BY id FOR KEY SHARE",
            sorted(category_ids),
        )
        return {row["id"] for row in rows}

    async def change(
        self,
        category_id: str,
        name: str,
        *,
        description: str | None,
        expected_version: int,
        at: datetime,
        by: str,
    ) -> bool:
        """Replace name and description, unless the version is another.

        Raises:
            Conflict: Another group has this name, in any case.
        """
        changed = await self._db.execute(
            "UPDATE product_category SET name = $3, description = $4, version = version + 1,"
            " updated_at = $5, updated_by = $6 WHERE id = $1 AND version = $2",
            category_id,
            expected_version,
            name,
            description,
            at,
            by,
        )
        return changed > 0

    async def remove(self, category_id: str, *, expected_version: int) -> bool:
        """Remove a group, unless the version is another."""
        removed = await self._db.execute(
            "DELETE FROM product_category WHERE id = $1 AND version = $2",
            category_id,
            expected_version,
        )
        return removed > 0

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
