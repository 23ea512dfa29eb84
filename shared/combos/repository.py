"""Reads and writes combos among the artifacts, many at a time and by their natural key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.combos.models import ComboReport, KeptReport, KeptSuggestion, report_payload
from shared.ids import new_id
from shared.ports import Database, JsonObject, Row
from shared.tags.models import tag_id

_COLUMNS: Final = (
    "id, kind, name, status, payload, version, created_at, created_by, updated_at, updated_by"
)
_REPORT: Final = ArtifactKind.COMBO_REPORT.value
_SUGGESTION: Final = ArtifactKind.COMBO_SUGGESTION.value


class Combos:
    """Combo reports and suggestions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def newest(
        self,
        *,
        statuses: Collection[str] | None = None,
        tag: str | None = None,
        text: str | None = None,
        product_id: str | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[KeptReport]:
        """Return reports, newest first.

        Args:
            statuses: Only those in one of these states.
            tag: Only those that combine this tag, in any case.
            text: Only those whose title has this in it, in any case.
            product_id: Only those that name this product.
            before: `created_at` and id of the last report of the page before.
            limit: How many at most.
        """
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1"
            " AND ($2::text[] IS NULL OR status = ANY($2))"
            " AND ($3::text IS NULL OR payload -> 'tag_ids' ? $3)"
            " AND ($4::text IS NULL OR strpos(lower(payload ->> 'title'), lower($4)) > 0)"
            " AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))"
            " AND ($8::text IS NULL OR payload -> 'product_ids' ? $8)"
            " ORDER BY created_at DESC, id DESC LIMIT $7",
            _REPORT,
            _texts(statuses),
            None if tag is None else tag_id(tag),
            text,
            *(before or (None, "")),
            limit,
            product_id,
        )
        return [_report(row) for row in rows]

    async def following(
        self,
        after: str,
        *,
        statuses: Collection[str] | None = None,
        tag: str | None = None,
        limit: int,
    ) -> Sequence[KeptReport]:
        """Return the reports that follow an id, in the order of their ids."""
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1 AND id > $2"
            " AND ($3::text[] IS NULL OR status = ANY($3))"
            " AND ($4::text IS NULL OR payload -> 'tag_ids' ? $4)"
            " ORDER BY id LIMIT $5",
            _REPORT,
            after,
            _texts(statuses),
            None if tag is None else tag_id(tag),
            limit,
        )
        return [_report(row) for row in rows]

    async def locked_by_key(self, keys: Collection[str]) -> Mapping[str, KeptReport]:
        """Return the reports of these combinations by key; nobody else changes them meanwhile."""
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1 AND name = ANY($2::text[])"
            " ORDER BY id FOR UPDATE",
            _REPORT,
            sorted(keys),
        )
        return {row["name"]: _report(row) for row in rows}

    async def known_keys(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these combinations have a report or a suggestion."""
        rows = await self._db.fetch_all(
            "SELECT DISTINCT name FROM macrodata_artifact"
            " WHERE kind = ANY($1::text[]) AND name = ANY($2::text[])",
            [_REPORT, _SUGGESTION],
            sorted(keys),
        )
        return frozenset(row["name"] for row in rows)

    async def insert_reports(self, reports: Sequence[ComboReport], *, at: datetime, by: str) -> int:
        """Keep new reports; a combination that somebody reported meanwhile is left as it is."""
        return await self._db.execute(
            "INSERT INTO macrodata_artifact (id, kind, name, status, payload,"
            " created_at, created_by, updated_at, updated_by)"
            " SELECT r.id, $2, r.name, r.status, r.payload, $3, $4, $3, $4"
            " FROM jsonb_to_recordset($1::jsonb)"
            " AS r (id text, name text, status text, payload jsonb)"
            " ON CONFLICT (kind, name) WHERE name IS NOT NULL DO NOTHING",
            json.dumps(
                [
                    {
                        "id": new_id("mda"),
                        "name": report.key,
                        "status": report.status,
                        "payload": report_payload(report),
                    }
                    for report in reports
                ]
            ),
            _REPORT,
            at,
            by,
        )

    async def update_reports(
        self, changed: Sequence[tuple[str, ComboReport]], *, at: datetime, by: str
    ) -> int:
        """Write reports anew by their ids; what a report is linked to stays."""
        return await self._db.execute(
            "UPDATE macrodata_artifact a SET payload = a.payload || r.payload, status = r.status,"
            " version = a.version + 1, updated_at = $3, updated_by = $4"
            " FROM jsonb_to_recordset($1::jsonb) AS r (id text, status text, payload jsonb)"
            " WHERE a.kind = $2 AND a.id = r.id",
            json.dumps(
                [
                    {"id": id_, "status": report.status, "payload": report_payload(report)}
                    for id_, report in changed
                ]
            ),
            _REPORT,
            at,
            by,
        )

    async def suggestions(
        self,
        *,
        status: str | None = "open",
        after: tuple[float, str] | None = None,
        limit: int,
    ) -> Sequence[KeptSuggestion]:
        """Return suggestions, the most confident first.

        Args:
            status: Only those in this state; None for all.
            after: Confidence and id of the last suggestion of the page before.
            limit: How many at most.
        """
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1"
            " AND ($2::text IS NULL OR status = $2)"
            " AND ($3::float8 IS NULL OR (-(payload ->> 'confidence')::float8, id) > (-$3, $4))"
            " ORDER BY -(payload ->> 'confidence')::float8, id LIMIT $5",
            _SUGGESTION,
            status,
            *(after or (None, "")),
            limit,
        )
        return [KeptSuggestion.of(_artifact(row)) for row in rows]

    async def insert_suggestions(
        self, suggestions: Sequence[JsonObject], *, at: datetime, by: str
    ) -> int:
        """Keep suggestions with the ids and names they bring; known combinations are left out."""
        return await self._db.execute(
            "INSERT INTO macrodata_artifact (id, kind, name, status, payload,"
            " created_at, created_by, updated_at, updated_by)"
            " SELECT r.id, $2, r.name, 'open', r.payload, $3, $4, $3, $4"
            " FROM jsonb_to_recordset($1::jsonb) AS r (id text, name text, payload jsonb)"
            " WHERE NOT EXISTS (SELECT FROM macrodata_artifact k"
            "   WHERE k.kind = $5 AND k.name = r.name)"
            " ON CONFLICT DO NOTHING",
            json.dumps(list(suggestions)),
            _SUGGESTION,
            at,
            by,
            _REPORT,
        )


def _texts(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def _report(row: Row) -> KeptReport:
    return KeptReport.of(_artifact(row))


def _artifact(row: Row) -> Artifact:
    return Artifact(**{**row, "kind": ArtifactKind(row["kind"])})
