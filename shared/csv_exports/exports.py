"""Asks for exports, follows them and removes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.artifacts.requests import request_artifact
from shared.csv_exports.files import remove_parts
from shared.csv_exports.models import (
    READY,
    REQUESTED,
    RUNNING,
    Export,
    ExportKind,
    export_key,
    parse_filters,
)
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from shared.jobs import DocumentArtifactGenerate
from shared.ports import Database, JsonObject, ObjectInfo, ObjectStore, Queue
from shared.transactions import in_transaction

_KIND: Final = ArtifactKind.DOCUMENT_EXPORT
RETRY_AFTER: Final = timedelta(seconds=5)


class ExportNotFound(NotFound):
    """There is no such export."""


class ExportNotReady(Conflict):
    """The export has no file (yet)."""


async def request_export(
    db: Database,
    queue: Queue,
    *,
    kind: ExportKind,
    filters: JsonObject,
    at: datetime,
    by: str,
    export_id: str | None = None,
) -> Export:
    """Keep an export as requested and queue it; with an id that exists, return that export.

    Args:
        db: Where the artifact goes.
        queue: Where ingest takes its jobs from.
        kind: What to export.
        filters: Of which rows.
        at: Now.
        by: Who asks.
        export_id: The export's id, where the same request may come twice.

    Raises:
        InvalidInput: The filters do not fit the kind.
        IdempotencyKeyReused: The id is that of another request.
        Unavailable: It could not be queued; the export says so.
    """
    checked = parse_filters(kind, filters).model_dump(mode="json", exclude_unset=True)
    export_id = export_id or new_id("mda")
    run_id = f"csv-export-{export_id}"
    payload: JsonObject = {"kind": kind, "filters": checked, "run_id": run_id}
    job = DocumentArtifactGenerate(
        run_id=run_id, requested_by=by, export_id=export_id, kind=kind, filters=checked
    )
    return Export.of(
        await request_artifact(
            db, queue, _KIND, artifact_id=export_id, job=job, payload=payload, at=at
        )
    )


async def get_export(db: Database, export_id: str) -> Export:
    """Return an export. Raises ExportNotFound."""
    if (artifact := await Artifacts(db).get(_KIND, export_id)) is None:
        raise ExportNotFound(export_id)
    return Export.of(artifact)


async def list_exports(
    db: Database,
    *,
    status: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Export]:
    """Return exports, newest first."""
    found = await Artifacts(db).newest(_KIND, status=status, before=before, limit=limit)
    return [Export.of(artifact) for artifact in found]


async def downloadable(
    db: Database, objects: ObjectStore, export_id: str
) -> tuple[Export, ObjectInfo]:
    """Return an export whose file is there, and what the store knows of the file.

    Raises:
        ExportNotFound: There is no such export, or its file is past its retention.
        ExportNotReady: It is not ready, or it failed.
    """
    export = await get_export(db, export_id)
    if export.status != READY or export.key is None:
        going = export.status in (REQUESTED, RUNNING)
        headers = {"Retry-After": str(RETRY_AFTER // timedelta(seconds=1))} if going else None
        raise ExportNotReady(f"{export_id} is {export.status}", headers=headers)
    if (file := await objects.head(export.key)) is None:
        raise ExportNotFound(f"the file of {export_id} is past its retention")
    return export, file


async def remove_export(db: Database, objects: ObjectStore, export_id: str) -> None:
    """Remove an export that has ended, with its file.

    Raises:
        ExportNotFound: There is no such export.
        ExportNotReady: It is being written.
    """
    export = await get_export(db, export_id)
    if export.status in (REQUESTED, RUNNING):
        raise ExportNotReady(f"{export_id} is {export.status}")
    await objects.delete(export_key(export_id))
    await remove_parts(objects, export_id)
    await Artifacts(db).remove(_KIND, export_id)


async def begin_export(db: Database, job: DocumentArtifactGenerate, at: datetime) -> Export:
    """Note that the export is being written; one that nobody kept is kept now.

    An export that is ready stays so.
    """
    artifacts = Artifacts(db)

    async def begin() -> Export:
        known = await artifacts.get(_KIND, job.export_id)
        payload: JsonObject = {"kind": job.kind, "filters": job.filters, "run_id": job.run_id}
        if known is None:
            return Export.of(
                await artifacts.add(
                    _KIND,
                    payload,
                    at=at,
                    by=job.requested_by,
                    status=RUNNING,
                    artifact_id=job.export_id,
                )
            )
        if known.status == READY:
            return Export.of(known)
        return Export.of(
            await artifacts.update(
                _KIND,
                job.export_id,
                expected_version=known.version,
                at=at,
                by=job.requested_by,
                payload=payload,
                status=RUNNING,
            )
        )

    return await in_transaction(db, begin)


async def note_export(
    db: Database, export_id: str, *, at: datetime, status: str, **fields: object
) -> Export | None:
    """Note how far an export is; None if it is gone, and one that is ready stays so."""
    artifacts = Artifacts(db)
    known = await artifacts.get(_KIND, export_id)
    if known is None:
        return None
    if known.status == READY:
        return Export.of(known)
    changed = await artifacts.update(
        _KIND,
        export_id,
        expected_version=known.version,
        at=at,
        by=known.updated_by,
        payload={**known.payload, **fields},
        status=status,
    )
    return Export.of(changed)
