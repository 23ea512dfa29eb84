"""The Asset Health Check Workflow: stored assets against their rows, and a report of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.run_notes import RunNotes
from shared.assets.health import Tally, compare_page, keep_report
from shared.clock import format_instant, parse_instant
from shared.jobs import AssetHealthCheck
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, StepReport, run_audited

WORKFLOW: Final = "asset-health-check"
_LONG: Final = Retry(limit=3, delay=timedelta(seconds=5), timeout=timedelta(minutes=20))


async def asset_health_check(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Check every asset once.

    Args:
        step: The journal of this run.
        payload: An `AssetHealthCheck` without its type.
        bindings: The ports of ingest.
    """
    job = AssetHealthCheck.model_validate(payload)
    steps = _Steps(job, bindings)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.notes.failed,
    )


async def _run(steps: _Steps, step: AuditedStep) -> Json:
    state: JsonObject = await step.do("begin", steps.begin)
    number = 0
    while state["place"] is not None:
        number += 1
        state = await step.do(f"compare-{number:05}", partial(steps.compare, state), retry=_LONG)
    end: Json = await step.do("report", partial(steps.report, state))
    return end


class _Steps:
    """The actions of one run; every action may run twice."""

    def __init__(self, job: AssetHealthCheck, bindings: IngestBindings) -> None:
        self._job, self._bindings = job, bindings
        self.notes = RunNotes(
            bindings, workflow=WORKFLOW, run_id=job.run_id, requested_by=job.requested_by
        )

    async def begin(self) -> StepReport:
        """Start with the first key."""
        await self.notes.begin(step="begin")
        place: JsonObject = {"cursor": None, "key": ""}
        at = format_instant(self._bindings.clock.now())
        return StepReport({"place": place, "at": at, "tally": asdict(Tally())})

    async def compare(self, state: JsonObject) -> StepReport:
        """Compare one page."""
        tally = Tally(**state["tally"])
        before = tally.objects + tally.rows
        async with self._bindings.databases.open() as db:
            place = await compare_page(
                db,
                self._bindings.assets,
                tally,
                place=state["place"],
                at=parse_instant(state["at"]),
            )
        read = tally.objects + tally.rows - before
        return StepReport({**state, "place": place, "tally": asdict(tally)}, records_read=read)

    async def report(self, state: JsonObject) -> StepReport:
        """Keep the report."""
        async with self._bindings.databases.open() as db:
            found = await keep_report(
                db,
                Tally(**state["tally"]),
                run_id=self._job.run_id,
                started_at=parse_instant(state["at"]),
                at=self._bindings.clock.now(),
                by=self._job.requested_by,
            )
        return StepReport(await self.notes.complete(**found), records_written=1)
