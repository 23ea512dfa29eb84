"""Reads published items for engagement, many in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final

from shared.engagement.models import PublishedItem
from shared.ports import Database

_ITEMS: Final = """
    SELECT i.id, i.publication_id, n.publisher_id, g.id AS program_id, n.ad_server_id,
           i.product_id, p.handle, p.online_store_url AS url
    FROM publication_item i
    JOIN publication n ON n.id = i.publication_id
    JOIN publisher b ON b.id = n.publisher_id
    JOIN product p ON p.id = i.product_id
    LEFT JOIN program g ON g.id = n.program_id AND g.status = 'active'
    WHERE i.id = ANY($1::text[]) AND i.is_active
      AND n.status = 'published' AND n.published_at <= $2 AND b.status = 'active'
      AND p.status = 'ACTIVE' AND p.deleted_at IS NULL AND p.published_at <= $2
"""
COLUMNS: Final = tuple(field.name for field in fields(PublishedItem))


class PublishedItems:
    """What is public of items at an instant."""

    def __init__(self, db: Database, *, now: datetime) -> None:
        self._db = db
        self._now = now

    async def by_ids(self, ids: Sequence[str]) -> dict[str, PublishedItem]:
        """Return those of these items that are public, by id."""
        rows = await self._db.fetch_all(_ITEMS, list(ids), self._now)
        return {row["id"]: PublishedItem(**row) for row in rows}
