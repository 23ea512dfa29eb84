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
from shared.idempotency.requests import remove_expired
from shared.ports import Database, ObjectStore

EXPORTS_KEPT: Final = timedelta(days=90)
"""As long as the bucket keeps their files."""
IMPORTS_KEPT: Final = timedelta(days=180)
_PAGE: Final = 200
_ENDED: Final = {
    ArtifactKind.DOCUMENT_EXPORT: ("ready", "failed"),
    ArtifactKind.COMBO_IMPORT: ("done", "rejected", "failed"),
}


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """How many of each kind were removed."""

    exports: int
    imports: int
    requests: int


async def clean_up(
    db: Database,
    objects: ObjectStore,
    *,
    at: datetime,
    exports_kept: timedelta = EXPORTS_KEPT,
    imports_kept: timedelta = IMPORTS_KEPT,
) -> CleanedUp:
    """Remove exports and imports that ended longer ago than they are kept, and expired keys."""
    exports = await _old(db, ArtifactKind.DOCUMENT_EXPORT, at - exports_kept)
    imports = await _old(db, ArtifactKind.COMBO_IMPORT, at - imports_kept)
    for artifact_id in exports:
        await objects.delete(export_key(artifact_id))
        await remove_parts(objects, artifact_id)
        await _remove(db, ArtifactKind.DOCUMENT_EXPORT, artifact_id)
    for artifact_id in imports:
        await _remove(db, ArtifactKind.COMBO_IMPORT, artifact_id)
    return CleanedUp(len(exports), len(imports), await remove_expired(db, at=at))


async def _old(db: Database, kind: ArtifactKind, before: datetime) -> list[str]:
    artifacts = Artifacts(db)
    found: list[str] = []
    position = (before, "")
    while page := await artifacts.newest(kind, before=position, limit=_PAGE):
        found += [
            artifact.id
            for artifact in page
            if artifact.status in _ENDED[kind] and artifact.updated_at < before
        ]
        position = (page[-1].created_at, page[-1].id)
    return found


async def _remove(db: Database, kind: ArtifactKind, artifact_id: str) -> None:
    try:
        await Artifacts(db).remove(kind, artifact_id)
    except NotFound:
        return  # somebody else removed it
