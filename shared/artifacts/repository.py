"""Keeps artifacts of every kind; concurrent edits are refused by version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.errors import NotFound, PreconditionFailed
from shared.ids import new_id
from shared.ports import Database, JsonObject, Row

_COLUMNS: Final = (
    "id, kind, name, status, payload, version, created_at, created_by, updated_at, updated_by"
)


class Artifacts:
    """The artifact registry."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, kind: ArtifactKind, artifact_id: str) -> Artifact | None:
        """Return an artifact of a kind, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1 AND id = $2",
            kind.value,
            artifact_id,
        )
        return None if row is None else _artifact(row)

    async def get_named(self, kind: ArtifactKind, name: str) -> Artifact | None:
        """Return the artifact that has this name among those of its kind, or None."""
        row = await self._db.fetch_one(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1 AND name = $2",
            kind.value,
            name,
        )
        return None if row is None else _artifact(row)

    async def list(
        self, kind: ArtifactKind, *, status: str | None = None, after: str = "", limit: int
    ) -> Sequence[Artifact]:
        """Return the artifacts of a kind that follow an id, in the order of their ids."""
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1"
            " AND ($2::text IS NULL OR status = $2) AND id > $3 ORDER BY id LIMIT $4",
            kind.value,
            status,
            after,
            limit,
        )
        return [_artifact(row) for row in rows]

    async def newest(
        self,
        kind: ArtifactKind,
        *,
        status: str | None = None,
        before: tuple[datetime, str] | None = None,
        limit: int,
    ) -> Sequence[Artifact]:
        """Return the artifacts of a kind that were created before an instant and id, newest first.

        Args:
            kind: The kind.
            status: Only those in this state, if given.
            before: `created_at` and id of the last artifact of the page before.
            limit: How many at most.
        """
        rows = await self._db.fetch_all(
            f"SELECT {_COLUMNS} FROM macrodata_artifact WHERE kind = $1"
            " AND ($2::text IS NULL OR status = $2)"
            " AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))"
            " ORDER BY created_at DESC, id DESC LIMIT $5",
            kind.value,
            status,
            *(before or (None, "")),
            limit,
        )
        return [_artifact(row) for row in rows]

    async def untouched_since(
        self, before: datetime, kind: ArtifactKind, statuses: Sequence[str], *, limit: int
    ) -> Sequence[str]:
        """Return the ids of the oldest artifacts in these states that nobody changed since."""
        rows = await self._db.fetch_all(
            "SELECT id FROM macrodata_artifact WHERE kind = $1 AND status = ANY($2::text[])"
            " AND created_at < $3 AND updated_at < $3 ORDER BY created_at, id LIMIT $4",
            kind.value,
            [*statuses],
            before,
            limit,
        )
        return [str(row["id"]) for row in rows]

    async def add(
        self,
        kind: ArtifactKind,
        payload: JsonObject,
        *,
        at: datetime,
        by: str,
        name: str | None = None,
        status: str = "active",
        artifact_id: str | None = None,
    ) -> Artifact:
        """Keep a new artifact.

        Raises:
            Conflict: The id is taken, or the name among artifacts of the kind.
        """
        row = await self._db.fetch_one(
            "INSERT INTO macrodata_artifact (id, kind, name, status, payload,"
            " created_at, created_by, updated_at, updated_by)"
            f" VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $6, $7) RETURNING {_COLUMNS}",
            artifact_id or new_id("mda"),
            kind.value,
            name,
            status,
            json.dumps(payload),
            at,
            by,
        )
        return _found(row)

    async def update(
        self,
        kind: ArtifactKind,
        artifact_id: str,
        *,
        expected_version: int,
        at: datetime,
        by: str,
        payload: JsonObject | None = None,
        status: str | None = None,
        name: str | None = None,
    ) -> Artifact:
        """Replace the payload, the status, the name, or several of them.

        Raises:
            NotFound: There is no such artifact.
            Conflict: Another artifact of the kind has the name.
            PreconditionFailed: Somebody changed it since that version was read.
        """
        row = await self._db.fetch_one(
            "UPDATE macrodata_artifact SET payload = COALESCE($4::jsonb, payload),"
            " status = COALESCE($5, status), version = version + 1, updated_at = $6,"
            " updated_by = $7, name = COALESCE($8, name)"
            f" WHERE kind = $1 AND id = $2 AND version = $3 RETURNING {_COLUMNS}",
            kind.value,
            artifact_id,
            expected_version,
            None if payload is None else json.dumps(payload),
            status,
            at,
            by,
            name,
        )
        if row is None:
            await self._refuse(kind, artifact_id)
        return _found(row)

    async def remove(
        self, kind: ArtifactKind, artifact_id: str, *, expected_version: int | None = None
    ) -> None:
        """Remove an artifact and its links to products.

        Raises:
            NotFound: There is no such artifact.
            PreconditionFailed: Somebody changed it since that version was read.
        """
        async with self._db.transaction():
            removed = await self._db.execute(
                "DELETE FROM macrodata_artifact"
                " WHERE kind = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3)",
                kind.value,
                artifact_id,
                expected_version,
            )
            if not removed:
                await self._refuse(kind, artifact_id)
            await self._db.execute(
                "DELETE FROM link_product_macrodata_artifact WHERE artifact_id = $1", artifact_id
            )

    async def _refuse(self, kind: ArtifactKind, artifact_id: str) -> None:
        if await self.get(kind, artifact_id) is None:
            raise NotFound(f"there is no {kind.value} {artifact_id}")
        raise PreconditionFailed(f"{artifact_id} has changed since it was read")


def _artifact(row: Row) -> Artifact:
    return Artifact(**{**row, "kind": ArtifactKind(row["kind"])})


def _found(row: Row | None) -> Artifact:
    if row is None:
        raise NotFound("there is no such artifact")
    return _artifact(row)
