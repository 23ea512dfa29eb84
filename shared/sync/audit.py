"""The audit trail of a Workflow: every step ends by emitting its sync event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from shared.clock import Clock, format_instant, parse_instant
from shared.errors import StepFailed
from shared.ids import derived_id
from shared.ports import DEFAULT_RETRY, EventStream, Json, JsonObject, Retry, Step
from shared.telemetry import SyncEvent

REPORT_COMPLETION: Final = "report-completion"
REPORT_FAILURE: Final = "report-failure"
CLOSE_FAILURE: Final = "close-failure"
_PATIENT: Final = Retry(limit=20, delay=timedelta(seconds=30), backoff="constant")
"""Ten minutes: as long as a database is away that fails over."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step's action did: its result for the Workflow and its counts for the trail."""

    result: Json = None
    records_read: int = 0
    records_written: int = 0
    bytes_read: int = 0
    watermark_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed: the step if one did, the error's name and its text."""

    step: str
    error_type: str
    detail: str


class AuditedStep:
    """A `Step` whose actions report counts, and whose last act is the sync event."""

    def __init__(
        self, step: Step, *, stream: EventStream, clock: Clock, workflow: str, run_id: str
    ) -> None:
        self.step = step
        self.stream = stream
        self.clock = clock
        self.workflow = workflow
        self.run_id = run_id
        self.started_at: datetime | None = None
        self.failed_step = ""
        self.totals = {"records_read": 0, "records_written": 0, "bytes_read": 0}

    async def do(
        self,
        name: str,
        action: Callable[[], Awaitable[StepReport]],
        /,
        *,
        retry: Retry = DEFAULT_RETRY,
    ) -> Any:
        """Run the action as a step and return its report's result, or what it was before."""

        async def audited() -> Json:
            started_at = self.clock.now()
            report = await action()
            await self.stream.send([self._completed(name, started_at, report)])
            return {**_counts(report), "at": format_instant(started_at), "result": report.result}

        try:
            entry = await self.step.do(name, audited, retry=retry)
        except Exception:
            self.failed_step = name
            raise
        self._count(entry)
        return entry["result"]

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        await self.step.sleep(name, duration)

    async def wait_for_event(self, name: str, event_type: str, /, *, timeout: timedelta) -> Json:
        """Return the payload of the next event of this type, or None once `timeout` is over."""
        return await self.step.wait_for_event(name, event_type, timeout=timeout)

    def event(self, event_type: str, step: str, started_at: datetime, **fields: Any) -> JsonObject:
        """Return a sync event of this run as the stream takes it."""
        now = self.clock.now()
        return SyncEvent.model_validate(
            {
                "event_id": derived_id("evt", self.run_id, step),
                "event_type": event_type,
                "occurred_at": now,
                "source_version_at": now,
                "workflow": self.workflow,
                "run_id": self.run_id,
                "step": step,
                "started_at": started_at,
                "duration_ms": max(0, (now - started_at) // timedelta(milliseconds=1)),
                **fields,
            }
        ).model_dump(mode="json")

    def _completed(self, name: str, started_at: datetime, report: StepReport) -> JsonObject:
        return self.event(
            "step_completed",
            name,
            started_at,
            **_counts(report),
            watermark_at=report.watermark_at,
        )

    def _count(self, entry: JsonObject) -> None:
        if self.started_at is None:
            self.started_at = parse_instant(entry["at"])
        for name in self.totals:
            self.totals[name] += entry[name]


async def run_audited(
    step: Step,
    *,
    stream: EventStream,
    clock: Clock,
    workflow: str,
    run_id: str,
    body: Callable[[AuditedStep], Awaitable[Json]],
    on_failure: Callable[[Failure], Awaitable[None]] | None = None,
    close: Callable[[Failure], Awaitable[None]] | None = None,
) -> Json:
    """Run a Workflow's body and emit how it ended.

    What failed may be the database. So the summary and the event of a failure do not wait for it:
    what has to be written there is a step of its own, which is tried for longer.

    Args:
        step: The engine's journal of this instance.
        stream: Where sync events go.
        clock: Read inside steps only.
        workflow: The Workflow's name.
        run_id: The run; with a step's name it makes the event's id.
        body: The steps.
        on_failure: Runs inside `report-failure`, e.g. to give up a lease; it may run twice, and
            asks nothing of the database.
        close: Runs inside `close-failure`, to say on an artifact why it failed; it may run twice.
    """
    audited = AuditedStep(step, stream=stream, clock=clock, workflow=workflow, run_id=run_id)
    try:
        result = await body(audited)
    except Exception as error:
        failure = failure_of(error, audited.failed_step)
        try:
            await step.do(REPORT_FAILURE, lambda: _report_failure(audited, failure, on_failure))
        finally:
            if close is not None:
                await audited.do(CLOSE_FAILURE, partial(_closed, close, failure), retry=_PATIENT)
        raise
    await step.do(REPORT_COMPLETION, lambda: _report_completion(audited))
    return result


def failure_of(error: Exception, step: str) -> Failure:
    """Return what a failed run is reported with."""
    if isinstance(error, StepFailed):
        return Failure(step, error.error_type, error.detail)
    return Failure(step, type(error).__name__, str(error))


async def _report_completion(audited: AuditedStep) -> Json:
    started_at = audited.started_at or audited.clock.now()
    await audited.stream.send(
        [audited.event("run_completed", REPORT_COMPLETION, started_at, **audited.totals)]
    )
    return None


async def _report_failure(
    audited: AuditedStep,
    failure: Failure,
    on_failure: Callable[[Failure], Awaitable[None]] | None,
) -> Json:
    started_at = audited.started_at or audited.clock.now()
    reason = {"error_type": failure.error_type, "error_detail": failure.detail}
    events = [audited.event("run_failed", REPORT_FAILURE, started_at, **audited.totals, **reason)]
    if failure.step:
        events.insert(0, audited.event("step_failed", failure.step, started_at, **reason))
    if on_failure is not None:
        await on_failure(failure)
    await audited.stream.send(events)
    return asdict(failure)


async def _closed(close: Callable[[Failure], Awaitable[None]], failure: Failure) -> StepReport:
    await close(failure)
    return StepReport()


def _counts(report: StepReport) -> dict[str, int]:
    return {
        "records_read": report.records_read,
        "records_written": report.records_written,
        "bytes_read": report.bytes_read,
    }
