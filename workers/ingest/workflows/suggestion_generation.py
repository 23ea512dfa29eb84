"""The Suggestion Generation Workflow: measured products into suggested combinations of tags."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.run_notes import RunNotes
from shared.combos.suggesting import (
    SoldCopy,
    copy_key,
    copy_products,
    keep_suggestions,
    make_suggestions,
)
from shared.jobs import SuggestionGenerate
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited

WORKFLOW: Final = "suggestion-generation"
_LONG: Final = Retry(limit=3, delay=timedelta(seconds=5), timeout=timedelta(minutes=20))


async def suggestion_generation(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Make suggestions once.

    Args:
        step: The journal of this run.
        payload: A `SuggestionGenerate` without its type.
        bindings: The ports of ingest.
    """
    job = SuggestionGenerate.model_validate(payload)
    steps = _Steps(job, bindings)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.failed,
    )


async def _run(steps: _Steps, step: AuditedStep) -> Json:
    copy: JsonObject = await step.do("query", steps.query, retry=_LONG)
    made: list[JsonObject] = await step.do("generate", partial(steps.generate, copy), retry=_LONG)
    written: int = await step.do("write", partial(steps.write, made))
    end: Json = await step.do("finish", partial(steps.finish, copy, written))
    return end


class _Steps:
    """The actions of one run; every action may run twice."""

    def __init__(self, job: SuggestionGenerate, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings
        self._notes = RunNotes(
            bindings, workflow=WORKFLOW, run_id=job.run_id, requested_by=job.requested_by
        )

    async def query(self) -> StepReport:
        """Copy what the measurement knows of the active products."""
        await self._notes.begin(step="query")
        copy = await copy_products(
            self._bindings.measurement, self._bindings.objects, run_id=self._job.run_id
        )
        return StepReport(asdict(copy), records_read=copy.products)

    async def generate(self, copy: JsonObject) -> StepReport:
        """Rank the combinations that nobody made or suggested yet."""
        await self._notes.note(step="generate", as_of=copy["as_of"], products=copy["products"])
        async with self._bindings.databases.open() as db:
            made = await make_suggestions(
                db,
                self._bindings.objects,
                SoldCopy(**copy),
                run_id=self._job.run_id,
                limit=self._job.limit,
            )
        return StepReport(list(made), records_read=copy["products"])

    async def write(self, made: list[JsonObject]) -> StepReport:
        """Keep the suggestions."""
        async with self._bindings.databases.open() as db:
            now = self._bindings.clock.now()
            written = await keep_suggestions(db, made, at=now, by=self._job.requested_by)
        return StepReport(len(made), records_written=written)

    async def finish(self, copy: JsonObject, suggestions: int) -> StepReport:
        """Note what came of it, and remove the copy."""
        await self._bindings.objects.delete(copy["key"])
        return StepReport(
            await self._notes.complete(suggestions=suggestions, snapshot_id=copy["snapshot_id"])
        )

    async def failed(self, failure: Failure) -> None:
        """Note why it failed, and remove the copy."""
        await self._notes.failed(failure)
        await self._bindings.objects.delete(copy_key(self._job.run_id))
