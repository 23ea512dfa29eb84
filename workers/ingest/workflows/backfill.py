"""The Backfill Workflow: old history in windows, each loaded as a bulk sync, halved if it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from ingest.bindings import IngestBindings
from ingest.workflows.backfill_steps import BackfillSteps
from ingest.workflows.shopify_bulk_sync import BulkRun
from shared.jobs import BackfillStart
from shared.ports import DEFAULT_RETRY, Json, JsonObject, Retry, Step
from shared.sync.audit import AuditedStep, StepReport, failure_of, run_audited
from shared.sync.windows import halved

WORKFLOW: Final = "backfill"


async def backfill(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Load a part of the history; the daily watermark is neither read nor moved.

    Args:
        step: The journal of this run.
        payload: A `BackfillStart` without its type.
        bindings: The ports of ingest.
    """
    job = BackfillStart.model_validate(payload)
    steps = BackfillSteps(job, bindings, workflow=WORKFLOW)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=partial(_run, steps),
        on_failure=steps.failed,
    )


async def _run(steps: BackfillSteps, step: AuditedStep) -> Json:
    start: JsonObject = await step.do("begin", steps.begin)
    if start["status"] != "running":
        return start
    pending = [(since, until) for since, until in start["windows"]]
    number = loaded = 0
    while pending:
        number += 1
        since, until = pending.pop(0)
        left = len(pending) + 1
        at = await step.do(f"window-{number:04}", partial(steps.window, since, until, left))
        window = {**start, "since": since, "until": until, "started_at": at}
        if (reason := await _load(steps, step, number, window)) is None:
            loaded += 1
            continue
        action = partial(steps.halve, since, until, reason)
        pending = [(a, b) for a, b in await step.do(f"halve-{number:04}", action)] + pending
    totals: JsonObject = {**step.totals}
    end: Json = await step.do("finish", partial(steps.finish, start, loaded, number, totals))
    return end


async def _load(
    steps: BackfillSteps, step: AuditedStep, number: int, window: JsonObject
) -> str | None:
    """Load one window; return why it failed, or None."""
    named = _InWindow(step, f"w{number:04}-")
    try:
        await BulkRun(named, steps.of_window(number)).load(window)
    except Exception as error:
        if halved(steps.bounds(window["since"], window["until"])) is None:
            raise
        return failure_of(error, "").detail
    return None


class _InWindow:
    """The steps of one window: their names begin with its number."""

    def __init__(self, step: AuditedStep, prefix: str) -> None:
        self._step, self._prefix = step, prefix

    async def do(
        self,
        name: str,
        action: Callable[[], Awaitable[StepReport]],
        /,
        *,
        retry: Retry = DEFAULT_RETRY,
    ) -> Any:
        """Run the action as a step."""
        return await self._step.do(self._prefix + name, action, retry=retry)

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        await self._step.sleep(self._prefix + name, duration)
