"""The items of publications and the rates of programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.errors import NotFound
from shared.ids import new_id
from shared.ports import Database
from shared.publishers.models import ITEMS_MAX, ItemContent, PublicationItem, Rate, item_id

_RATE = "id, program_id, publisher_id, basis_points, effective_from, created_at, created_by"


class Publishing:
    """What hangs on publications and programs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def items(
        self, publication_id: str, *, after: int = 0, limit: int = ITEMS_MAX
    ) -> list[PublicationItem]:
        """Return the items of a publication in their order, after a position: all, or some."""
        rows = await self._db.fetch_all(
            "SELECT id, product_id, position, note FROM publication_item"
            " WHERE publication_id = $1 AND is_active AND position > $2"
            " ORDER BY position LIMIT $3",
            publication_id,
            after,
            limit,
        )
        return [PublicationItem.model_validate(dict(row)) for row in rows]

    async def replace_items(self, publication_id: str, items: Sequence[ItemContent]) -> None:
        """Make these the items; what has left the list stays known by its id."""
        await self._db.execute(
            "UPDATE publication_item SET is_active = false"
            " WHERE publication_id = $1 AND product_id <> ALL($2::text[])",
            publication_id,
            [item.product_id for item in items],
        )
        await self._db.execute(
            "INSERT INTO publication_item AS t"
            " (id, publication_id, product_id, position, note, is_active)"
            " SELECT i.id, $1, i.product_id, i.position, i.note, true"
            " FROM unnest($2::text[], $3::text[], $4::text[])"
            " WITH ORDINALITY AS i (id, product_id, note, position)"
            " ON CONFLICT (id) DO UPDATE SET position = excluded.position,"
            " note = excluded.note, is_active = true",
            publication_id,
            [item_id(publication_id, item.product_id) for item in items],
            [item.product_id for item in items],
            [item.note for item in items],
        )

    async def mark_published(self, publication_id: str, at: datetime) -> None:
        """Note when a publication was published first."""
        await self._db.execute(
            "UPDATE publication SET published_at = $2"
            " WHERE id = $1 AND status = 'published' AND published_at IS NULL",
            publication_id,
            at,
        )

    async def known_products(self, product_ids: Collection[str]) -> frozenset[str]:
        """Return which of these products exist."""
        rows = await self._db.fetch_all(
            "SELECT id FROM product WHERE id = ANY($1::text[]) AND deleted_at IS NULL",
            list(product_ids),
        )
        return frozenset(row["id"] for row in rows)

    async def rates(
        self, program_id: str, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[Rate]:
        """Return rates of a program, the latest first, that start before a position."""
        rows = await self._db.fetch_all(
            f"SELECT {_RATE} FROM program_rate WHERE program_id = $1"
            " AND ($2::timestamptz IS NULL OR (effective_from, id) < ($2, $3))"
            " ORDER BY effective_from DESC, id DESC LIMIT $4",
            program_id,
            *(before or (None, "")),
            limit,
        )
        return [Rate.model_validate(dict(row)) for row in rows]

    async def add_rate(
        self,
        program_id: str,
        *,
        publisher_id: str | None,
        basis_points: int,
        effective_from: datetime,
        at: datetime,
        by: str,
    ) -> Rate:
        """Keep a new rate.

        Raises:
            Conflict: One starts at this instant already.
        """
        row = await self._db.fetch_one(
            f"INSERT INTO program_rate ({_RATE}) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            f" RETURNING {_RATE}",
            new_id("rat"),
            program_id,
            publisher_id,
            basis_points,
            effective_from,
            at,
            by,
        )
        return Rate.model_validate(dict(row or {}))

    async def remove_rate(self, program_id: str, rate_id: str, *, now: datetime) -> bool:
        """Remove a rate that has not started; False if it has.

        Raises:
            NotFound: The program has no such rate.
        """
        removed = await self._db.execute(
            "DELETE FROM program_rate WHERE id = $1 AND program_id = $2 AND effective_from > $3",
            rate_id,
            program_id,
            now,
        )
        if not removed and not await self._db.fetch_value(
            "SELECT 1 FROM program_rate WHERE id = $1 AND program_id = $2", rate_id, program_id
        ):
            raise NotFound(f"the program has no rate {rate_id}")
        return removed > 0
