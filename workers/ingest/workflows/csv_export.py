"""The CSV Export Workflow: rows page by page into parts, and the parts into one file."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.run_notes import RunNotes
from shared.clock import format_instant, parse_instant
from shared.csv_exports.exports import begin_export, note_export
from shared.csv_exports.files import assemble, remove_parts, write_part
from shared.csv_exports.models import FAILED, READY, export_key, parse_filters
from shared.csv_exports.sources import Source, source_of
from shared.errors import InvalidInput, NonRetryable
from shared.jobs import DocumentArtifactGenerate
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited

WORKFLOW: Final = "csv-export"
_LONG: Final = Retry(limit=3, delay=timedelta(seconds=5), timeout=timedelta(minutes=20))


async def csv_export(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Write one export.

    Args:
        step: The journal of this run.
        payload: A `DocumentArtifactGenerate` without its type.
        bindings: The ports of ingest.
    """
    job = DocumentArtifactGenerate.model_validate(payload)
    steps = _Steps(job, bindings)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.failed,
        close=steps.close,
    )


async def _run(steps: _Steps, step: AuditedStep) -> Json:
    start: JsonObject = await step.do("begin", steps.begin)
    if start["status"] == READY:
        return start
    cursor: JsonObject | None = None
    number = rows = 0
    while number == 0 or cursor is not None:
        number += 1
        action = partial(steps.part, start, number, cursor)
        part: JsonObject = await step.do(f"write-{number:05}", action, retry=_LONG)
        cursor, rows = part["cursor"], rows + part["rows"]
    size = await step.do("assemble", partial(steps.assemble, start, number), retry=_LONG)
    end: Json = await step.do("finish", partial(steps.finish, rows, size))
    return end


class _Steps:
    """The actions of one run; every action may run twice."""

    def __init__(self, job: DocumentArtifactGenerate, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings
        self._notes = RunNotes(
            bindings, workflow=WORKFLOW, run_id=job.run_id, requested_by=job.requested_by
        )

    async def begin(self) -> StepReport:
        """Check what is asked, and note that it is being done."""
        now = self._bindings.clock.now()
        await self._notes.begin(artifact_id=self._job.export_id, kind=self._job.kind)
        async with self._bindings.databases.open() as db:
            export = await begin_export(db, self._job, now)
        try:
            parse_filters(self._job.kind, self._job.filters)
        except InvalidInput as error:
            problems = "; ".join(f"{p.pointer} {p.detail}" for p in error.problems)
            raise NonRetryable(f"{error}: {problems}") from error
        if export.status == READY:
            return StepReport(await self._notes.complete(rows=export.rows) | {"status": READY})
        start = {"until": format_instant(now), "filename": export.filename}
        return StepReport({"status": export.status, **start})

    async def part(self, start: JsonObject, number: int, cursor: JsonObject | None) -> StepReport:
        """Write one part."""
        part = await write_part(
            self._bindings.objects,
            self._source(start),
            export_id=self._job.export_id,
            number=number,
            cursor=cursor,
        )
        result: JsonObject = {"rows": part.rows, "cursor": part.cursor}
        await self._notes.note(step="write", parts=number)
        return StepReport(result, records_read=part.rows, records_written=part.rows)

    async def assemble(self, start: JsonObject, parts: int) -> StepReport:
        """Put the parts together."""
        size = await assemble(
            self._bindings.objects,
            export_id=self._job.export_id,
            parts=parts,
            filename=start["filename"],
        )
        return StepReport(size, bytes_read=size)

    async def finish(self, rows: int, size: int) -> StepReport:
        """Say on the artifact that the file is there, and remove the parts."""
        now = self._bindings.clock.now()
        async with self._bindings.databases.open() as db:
            await note_export(
                db,
                self._job.export_id,
                at=now,
                status=READY,
                key=export_key(self._job.export_id),
                rows=rows,
                size=size,
                error=None,
                finished_at=format_instant(now),
            )
        await remove_parts(self._bindings.objects, self._job.export_id)
        end = await self._notes.complete(rows=rows, size=size)
        return StepReport(end, records_written=rows)

    async def failed(self, failure: Failure) -> None:
        """Say in the summary why there is no file."""
        await self._notes.failed(failure)

    async def close(self, failure: Failure) -> None:
        """Say so on the artifact too, and remove the parts."""
        async with self._bindings.databases.open() as db:
            now = self._bindings.clock.now()
            await note_export(
                db, self._job.export_id, at=now, status=FAILED, error=failure.detail,
                finished_at=format_instant(now),
            )  # fmt: skip
        await remove_parts(self._bindings.objects, self._job.export_id)

    def _source(self, start: JsonObject) -> Source:
        b = self._bindings
        return source_of(
            parse_filters(self._job.kind, self._job.filters),
            databases=b.databases,
            measurement=b.measurement,
            timezone=b.settings.SHOP_TIMEZONE,
            until=parse_instant(start["until"]),
        )
