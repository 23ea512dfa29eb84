"""The hourly refresh: from what the streams landed to measured and classified products."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.measurement_refresh_steps import MeasurementRefreshSteps
from shared.jobs import MeasurementDatasetRefresh
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, run_audited

WORKFLOW: Final = "measurement-refresh"
_STAGES: Final = ("query", "compute", "classify", "write")
_STAGE: Final = Retry(limit=5, delay=timedelta(seconds=5), timeout=timedelta(minutes=45))


async def measurement_refresh(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Replicate, query, compute, classify, write.

    Args:
        step: The journal of this run.
        payload: A `MeasurementDatasetRefresh` without its type.
        bindings: The ports of ingest.
    """
    job = MeasurementDatasetRefresh.model_validate(payload)
    steps = MeasurementRefreshSteps(job, bindings, workflow=WORKFLOW)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.failed,
    )


async def _run(steps: MeasurementRefreshSteps, step: AuditedStep) -> Json:
    start: JsonObject = await step.do("replicate", steps.replicate, retry=_STAGE)
    if start["status"] != "running":
        return start
    report: JsonObject = {}
    for stage in _STAGES:
        action = partial(steps.stage, stage, start["request"])
        report = await step.do(stage, action, retry=_STAGE)
        if report["mode"] == "noop":
            break
    end: Json = await step.do("finish", partial(steps.finish, report))
    return end
