"""Removes what is past its use: old exports with their files, old imports, answered requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.csv_exports.files import remove_parts
from shared.csv_exports.models import export_key
from shared.errors import NotFound
from shared.idempotency.repository import IdempotentRequests
from shared.ports import Database, ObjectStore

EXPORTS_KEPT: Final = timedelta(days=90)
"""As long as the bucket keeps their files."""
IMPORTS_KEPT: Final = timedelta(days=180)
ARTIFACTS_AT_ONCE: Final = 100
REQUESTS_AT_ONCE: Final = 10_000
_ENDED: Final = {
    ArtifactKind.DOCUMENT_EXPORT: ("ready", "failed"),
    ArtifactKind.COMBO_IMPORT: ("done", "rejected", "failed"),
}


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """How many of each kind were removed."""

    exports: int = 0
    imports: int = 0
    requests: int = 0

    def __add__(self, other: CleanedUp) -> CleanedUp:
        """Return the counts of both together."""
        return CleanedUp(
            self.exports + other.exports,
            self.imports + other.imports,
            self.requests + other.requests,
        )

    @property
    def is_full(self) -> bool:
        """Return whether a part removed as much as one may, so that more may be left."""
        return (
            max(self.exports, self.imports) >= ARTIFACTS_AT_ONCE
            or self.requests >= REQUESTS_AT_ONCE
        )


async def clean_up(db: Database, objects: ObjectStore, *, at: datetime) -> CleanedUp:
    """Remove everything that is past its use, part by part."""
    removed = part = await clean_up_part(db, objects, at=at)
    while part.is_full:
        part = await clean_up_part(db, objects, at=at)
        removed += part
    return removed


async def clean_up_part(db: Database, objects: ObjectStore, *, at: datetime) -> CleanedUp:
    """Remove some exports and imports that ended longer ago than they are kept, and expired keys.

    An export's row goes after its file: who is cut off in between finds it again.
    """
    exports = await _old(db, ArtifactKind.DOCUMENT_EXPORT, at - EXPORTS_KEPT)
    for artifact_id in exports:
        await objects.delete(export_key(artifact_id))
        await remove_parts(objects, artifact_id)
        await _remove(db, ArtifactKind.DOCUMENT_EXPORT, artifact_id)
    imports = await _old(db, ArtifactKind.COMBO_IMPORT, at - IMPORTS_KEPT)
    for artifact_id in imports:
        await _remove(db, ArtifactKind.COMBO_IMPORT, artifact_id)
    requests = await IdempotentRequests(db).remove_expired(at, limit=REQUESTS_AT_ONCE)
    return CleanedUp(len(exports), len(imports), requests)


async def _old(db: Database, kind: ArtifactKind, before: datetime) -> list[str]:
    found = Artifacts(db).untouched_since(before, kind, _ENDED[kind], limit=ARTIFACTS_AT_ONCE)
    return list(await found)


async def _remove(db: Database, kind: ArtifactKind, artifact_id: str) -> None:
    try:
        await Artifacts(db).remove(kind, artifact_id)
    except NotFound:
        return  # somebody else removed it
