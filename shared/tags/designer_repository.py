"""Keeps which tags are whose: one `agent_assignment` artifact per tag, named after the tag's id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from shared.ids import new_id
from shared.ports import Database, JsonObject, Row


class Assignments:
    """The assignments of tags to designers that are in force."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def designers(self, *, after: str, limit: int) -> Sequence[Row]:
        """Return the designers that follow a name, each with the tags that are theirs."""
        return await self._db.fetch_all(
            "SELECT min(a.payload ->> 'designer') AS name,"
            " array_agg(t.name ORDER BY lower(t.name), t.id) AS tags"
            " FROM macrodata_artifact a JOIN product_tag t ON t.id = a.payload ->> 'tag_id'"
            " WHERE a.kind = 'agent_assignment' AND a.status = 'active'"
            " AND lower(a.payload ->> 'designer') > lower($1)"
            " GROUP BY lower(a.payload ->> 'designer')"
            " ORDER BY lower(a.payload ->> 'designer') LIMIT $2",
            after,
            limit,
        )

    async def spelling(self, designer: str) -> str | None:
        """Return a designer's name as it is kept, whatever the case of this one."""
        name: str | None = await self._db.fetch_value(
            "SELECT min(payload ->> 'designer') FROM macrodata_artifact"
            " WHERE kind = 'agent_assignment' AND status = 'active'"
            " AND lower(payload ->> 'designer') = lower($1)",
            designer,
        )
        return name

    async def add(self, payloads: Sequence[JsonObject], *, at: datetime, by: str) -> int:
        """Keep assignments; a tag that is assigned stays as it is."""
        return await self._db.execute(
            "INSERT INTO macrodata_artifact"
            " (id, kind, name, payload, created_at, created_by, updated_at, updated_by)"
            " SELECT a.id, 'agent_assignment', a.payload ->> 'tag_id', a.payload, $3, $4, $3, $4"
            " FROM unnest($1::text[], $2::text[]::jsonb[]) AS a (id, payload)"
            " ON CONFLICT (kind, name) WHERE name IS NOT NULL DO NOTHING",
            [new_id("mda") for _ in payloads],
            [json.dumps(payload) for payload in payloads],
            at,
            by,
        )

    async def holders(self, tag_ids: Sequence[str]) -> dict[str, str]:
        """Return to whom these tags are assigned, by the tag's id."""
        rows = await self._db.fetch_all(
            "SELECT name, payload ->> 'designer' AS designer FROM macrodata_artifact"
            " WHERE kind = 'agent_assignment' AND name = ANY($1::text[])",
            tag_ids,
        )
        return {row["name"]: row["designer"] for row in rows}

    async def end(
        self, designer: str, tag_ids: Sequence[str] | None, *, at: datetime, by: str
    ) -> int:
        """End assignments of a designer, all or those of some tags; who ended them is kept."""
        return await self._db.execute(
            "UPDATE macrodata_artifact SET status = 'removed', name = NULL,"
            " version = version + 1, updated_at = $3, updated_by = $4"
            " WHERE kind = 'agent_assignment' AND status = 'active'"
            " AND lower(payload ->> 'designer') = lower($1)"
            " AND ($2::text[] IS NULL OR name = ANY($2))",
            designer,
            tag_ids,
            at,
            by,
        )
