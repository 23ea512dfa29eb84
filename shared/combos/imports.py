"""Takes combo reports over from a CSV: asks for it, writes it once, and keeps what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from shared import limits
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.artifacts.requests import request_artifact
from shared.combos.import_rows import BYTES_MAX, GoodRow, ReadFile
from shared.combos.models import ComboReport, KeptReport
from shared.combos.repository import Combos
from shared.csv_text import CONTENT_TYPE
from shared.errors import NotFound, PayloadTooLarge
from shared.ids import new_id
from shared.jobs import ComboImport
from shared.ports import Database, JsonObject, ObjectStore, Queue
from shared.transactions import in_transaction

_KIND: Final = ArtifactKind.COMBO_IMPORT
PROBLEMS_KEPT: Final = 1_000
_ENDED: Final = frozenset({"done", "rejected"})
_CHUNK: Final = 1_000
_INBOX: Final = "inbox/"
ImportMode = Literal["all_or_nothing", "report"]


class ImportNotFound(NotFound):
    """There is no such combo import."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import: `requested`, `running`, `done`, `rejected` (nothing written) or `failed`."""

    id: str
    status: str
    mode: str
    run_id: str
    filename: str | None
    result: JsonObject | None
    """Rows, created, updated, unchanged, problem count, and the first problems."""
    error: str | None
    created_at: datetime
    created_by: str
    updated_at: datetime

    @classmethod
    def of(cls, artifact: Artifact) -> Import:
        """Read an import from its artifact."""
        payload = artifact.payload
        return cls(
            artifact.id,
            artifact.status,
            payload["mode"],
            payload["run_id"],
            payload.get("filename"),
            payload.get("result"),
            payload.get("error"),
            artifact.created_at,
            artifact.created_by,
            artifact.updated_at,
        )


async def request_import(
    db: Database,
    objects: ObjectStore,
    queue: Queue,
    body: bytes,
    *,
    mode: ImportMode,
    at: datetime,
    by: str,
    filename: str | None = None,
    import_id: str | None = None,
) -> Import:
    """Keep an import as requested and queue it; with an id that exists, return that import.

    Args:
        db: Where the artifact goes.
        objects: Where the file goes: a message carries its key.
        queue: Where ingest takes its jobs from.
        body: The file.
        mode: Whether one wrong row keeps all others out.
        at: Now.
        by: Who asks.
        filename: What the file was called.
        import_id: The import's id, where the same request may come twice.

    Raises:
        PayloadTooLarge: The file has more than `BYTES_MAX`.
        IdempotencyKeyReused: The id is that of another request.
        Unavailable: It could not be queued; the import says so.
    """
    if len(body) > BYTES_MAX:
        raise PayloadTooLarge(f"an import has at most {BYTES_MAX} bytes")
    import_id = import_id or new_id("mda")
    job = ComboImport(
        run_id=f"combo-import-{import_id}",
        requested_by=by,
        import_id=import_id,
        mode=mode,
        filename=filename,
        **await _file(objects, body),
    )
    return Import.of(
        await request_artifact(
            db, queue, _KIND, artifact_id=import_id, job=job, payload=_payload(job), at=at
        )
    )


async def get_import(db: Database, import_id: str) -> Import:
    """Return an import. Raises ImportNotFound."""
    if (artifact := await Artifacts(db).get(_KIND, import_id)) is None:
        raise ImportNotFound(import_id)
    return Import.of(artifact)


async def list_imports(
    db: Database, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[Import]:
    """Return imports, newest first."""
    found = await Artifacts(db).newest(_KIND, before=before, limit=limit)
    return [Import.of(artifact) for artifact in found]


async def keep_file(objects: ObjectStore, body: bytes) -> str:
    """Keep a file under the name of its content, and return its key."""
    key = f"{_INBOX}{hashlib.sha256(body).hexdigest()}"
    await objects.put(key, body, content_type=CONTENT_TYPE)
    return key


async def begin_import(db: Database, job: ComboImport, at: datetime) -> Import:
    """Note that the import runs; one that nobody kept is kept now, one that has ended stays."""
    artifacts = Artifacts(db)

    async def begin() -> Artifact:
        known = await artifacts.get(_KIND, job.import_id)
        if known is None:
            return await artifacts.add(
                _KIND,
                _payload(job),
                at=at,
                by=job.requested_by,
                status="running",
                artifact_id=job.import_id,
            )
        if known.status in _ENDED:
            return known
        return await _noted(artifacts, known, at=at, status="running", error=None)

    return Import.of(await in_transaction(db, begin))


async def write_import(db: Database, import_id: str, file: ReadFile, *, at: datetime) -> Import:
    """Write the good rows and the result in one transaction; written again, nothing changes.

    In the mode `all_or_nothing` a single problem keeps every row out.
    """
    artifacts = Artifacts(db)

    async def write() -> Artifact:
        held = await artifacts.get(_KIND, import_id)
        if held is None:
            raise ImportNotFound(import_id)
        if held.status in _ENDED:
            return held
        rejected = bool(file.problems) and held.payload["mode"] == "all_or_nothing"
        rows = () if rejected else file.good
        counts = await _upsert(Combos(db), rows, at=at, by=held.created_by)
        result = {"rows": file.rows, **counts, **_problems(file)}
        status = "rejected" if rejected else "done"
        return await _noted(artifacts, held, at=at, status=status, result=result, error=None)

    return Import.of(await in_transaction(db, write))


async def note_import(
    db: Database, import_id: str, *, at: datetime, status: str, error: str | None = None
) -> None:
    """Note how an import is; one that has ended or is gone stays so."""
    artifacts = Artifacts(db)
    held = await artifacts.get(_KIND, import_id)
    if held is not None and held.status not in _ENDED:
        await _noted(artifacts, held, at=at, status=status, error=error)


async def _upsert(
    combos: Combos, rows: Sequence[GoodRow], *, at: datetime, by: str
) -> dict[str, int]:
    created = updated = 0
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        known = await combos.locked_by_key([row.report.key for row in chunk])
        new = [row.report for row in chunk if row.report.key not in known]
        changed = [
            (held.id, report)
            for row in chunk
            if (held := known.get(row.report.key)) is not None
            and (report := _merged(held, row)) != held.content
        ]
        created += await combos.insert_reports(new, at=at, by=by)
        updated += await combos.update_reports(changed, at=at, by=by)
    return {"created": created, "updated": updated, "unchanged": len(rows) - created - updated}


def _merged(held: KeptReport, row: GoodRow) -> ComboReport:
    """Return the report with what the file says of it.

    Columns that the file lacks stay, and so do order and case of the tags: they are the same ones.
    """
    given = {name: getattr(row.report, name) for name in row.given if name != "tags"}
    return held.content.model_copy(update=given)


async def _file(objects: ObjectStore, body: bytes) -> dict[str, Any]:
    """Return what the job carries: the text where it is small, else the key it is kept under."""
    with suppress(UnicodeDecodeError):
        text = body.decode("utf-8")
        if len(json.dumps(text)) <= limits.INLINE_BODY_BYTES:
            return {"csv": text}
    return {"key": await keep_file(objects, body)}


def _payload(job: ComboImport) -> JsonObject:
    about = {"mode": job.mode, "run_id": job.run_id, "filename": job.filename}
    if job.csv is not None:
        return {**about, "sha256": hashlib.sha256(job.csv.encode()).hexdigest()}
    return {**about, "sha256": job.key and job.key.removeprefix(_INBOX)}


def _problems(file: ReadFile) -> JsonObject:
    return {
        "problem_count": len(file.problems),
        "problems": [problem.document() for problem in file.problems[:PROBLEMS_KEPT]],
    }


async def _noted(
    artifacts: Artifacts, held: Artifact, *, at: datetime, status: str, **fields: object
) -> Artifact:
    return await artifacts.update(
        _KIND,
        held.id,
        expected_version=held.version,
        at=at,
        by=held.updated_by,
        payload={**held.payload, **fields},
        status=status,
    )
