"""The Combo Import Workflow: a CSV checked row by row, then written in one transaction."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.run_notes import RunNotes
from shared.combos.import_rows import ReadFile, read_reports
from shared.combos.imports import begin_import, keep_file, note_import, write_import
from shared.errors import NonRetryable
from shared.jobs import ComboImport
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited

WORKFLOW: Final = "combo-import"
_LONG: Final = Retry(limit=5, delay=timedelta(seconds=2), timeout=timedelta(minutes=10))
_SHOWN: Final = ("rows", "created", "updated", "unchanged", "problem_count")


async def combo_import(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Take over one file.

    Args:
        step: The journal of this run.
        payload: A `ComboImport` without its type.
        bindings: The ports of ingest.
    """
    job = ComboImport.model_validate(payload)
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
    key: str = await step.do("begin", steps.begin)
    await step.do("validate", partial(steps.validate, key), retry=_LONG)
    await step.do("upsert", partial(steps.upsert, key), retry=_LONG)
    end: Json = await step.do("finish", steps.finish)
    return end


class _Steps:
    """The actions of one run; every action may run twice."""

    def __init__(self, job: ComboImport, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings
        self._notes = RunNotes(
            bindings, workflow=WORKFLOW, run_id=job.run_id, requested_by=job.requested_by
        )

    async def begin(self) -> StepReport:
        """Keep the file if the job brought it, and note that the import runs."""
        await self._notes.begin(artifact_id=self._job.import_id, mode=self._job.mode)
        key = self._job.key
        if self._job.csv is not None:
            key = await keep_file(self._bindings.objects, self._job.csv.encode())
        if key is None:
            raise NonRetryable("the job names no file")
        async with self._bindings.databases.open() as db:
            await begin_import(db, self._job, self._bindings.clock.now())
        return StepReport(key)

    async def validate(self, key: str) -> StepReport:
        """Check every row."""
        file, size = await self._read(key)
        await self._notes.note(step="validate", rows=file.rows, problem_count=len(file.problems))
        return StepReport(len(file.problems), records_read=file.rows, bytes_read=size)

    async def upsert(self, key: str) -> StepReport:
        """Write the good rows, and what came of the import."""
        file, _ = await self._read(key)
        async with self._bindings.databases.open() as db:
            done = await write_import(db, self._job.import_id, file, at=self._bindings.clock.now())
        result = done.result or {}
        written = int(result.get("created", 0)) + int(result.get("updated", 0))
        outcome = {name: result.get(name) for name in _SHOWN} | {"outcome": done.status}
        await self._notes.note(step="upsert", **outcome)
        return StepReport(outcome, records_written=written)

    async def finish(self) -> StepReport:
        """Note that the run has ended."""
        return StepReport(await self._notes.complete())

    async def failed(self, failure: Failure) -> None:
        """Say in the summary why it failed."""
        await self._notes.failed(failure)

    async def close(self, failure: Failure) -> None:
        """Say so on the artifact too."""
        async with self._bindings.databases.open() as db:
            now = self._bindings.clock.now()
            await note_import(
                db, self._job.import_id, at=now, status="failed", error=failure.detail
            )

    async def _read(self, key: str) -> tuple[ReadFile, int]:
        if (body := await self._bindings.objects.get(key)) is None:
            raise NonRetryable(f"{key} is past its retention")
        return read_reports(body), len(body)
