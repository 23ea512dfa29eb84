"""Every step ends with its sync event, a failed run with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.clock import FixedClock
from shared.errors import NonRetryable
from shared.ids import derived_id
from shared.ports import Json, JsonObject, Step
from shared.sync.audit import AuditedStep, Failure, StepReport, run_audited

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
Body = Callable[[AuditedStep], "object"]


class Collected(list[JsonObject]):
    """A stream in a list."""

    async def send(self, events: Sequence[JsonObject], /) -> None:
        self.extend(events)


class Crash(BaseException):
    """Cuts a run off."""


async def run(
    tmp_path: Path,
    body: Callable[[AuditedStep], object],
    *,
    crash: str = "",
    failures: list[Failure] | None = None,
) -> tuple[Collected, Json, str | None]:
    """Run the body to its end; with `crash`, cut it off after that step once and go on."""
    stream, clock = Collected(), FixedClock(NOW)

    async def on_failure(failure: Failure) -> None:
        if failures is not None:
            failures.append(failure)

    async def definition(step: Step, _payload: JsonObject) -> Json:
        return await run_audited(
            step,
            stream=stream,
            clock=clock,
            workflow="w",
            run_id="run_1",
            body=body,  # type: ignore[arg-type]
            on_failure=on_failure,
        )

    def interrupt(point: str, _workflow: str, step: str) -> None:
        clock.advance(timedelta(milliseconds=250))
        if point == "after" and step == crash:
            raise Crash

    for cut in (interrupt, lambda *_: None)[0 if crash else 1 :]:
        journal = Journal(tmp_path / "journal.sqlite")
        engine = JournalWorkflows(journal, clock=clock, interrupt=cut)
        engine.register("w", definition)
        if not engine.resume():
            await engine.start("w", "i", {})
        status = await engine.finished("w", "i")
        await engine.close()
        journal.close()
    return stream, status.output, status.error


async def two_steps(step: AuditedStep) -> Json:
    async def first() -> StepReport:
        return StepReport({"n": 1}, records_read=3, bytes_read=70)

    async def second() -> StepReport:
        return StepReport(None, records_written=2, watermark_at=NOW)

    found = await step.do("first", first)
    await step.do("second", second)
    return found["n"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("crash", ["", "first", "second", "report-completion"])
async def test_each_step_emits_one_event_and_the_run_its_sums(tmp_path: Path, crash: str) -> None:
    events, output, error = await run(tmp_path, two_steps, crash=crash)
    assert (output, error) == (1, None)
    assert [(e["event_type"], e["step"]) for e in events] == [
        ("step_completed", "first"),
        ("step_completed", "second"),
        ("run_completed", "report-completion"),
    ]
    first, second, run_completed = events
    assert (first["records_read"], first["bytes_read"]) == (3, 70)
    assert second["watermark_at"] == "2026-11-20T06:00:00Z"
    assert first["event_id"] == derived_id("evt", "run_1", "first")
    assert (run_completed["records_read"], run_completed["records_written"]) == (3, 2)


@pytest.mark.parametrize("crash", ["", "first", "second", "report-failure"])
async def test_a_failure_is_reported_by_a_last_step_with_its_reason(
    tmp_path: Path, crash: str
) -> None:
    failures: list[Failure] = []

    async def body(step: AuditedStep) -> Json:
        async def first() -> StepReport:
            return StepReport(records_read=3)

        async def second() -> StepReport:
            raise NonRetryable("the shop is gone")

        await step.do("first", first)
        await step.do("second", second)
        return None

    events, output, error = await run(tmp_path, body, crash=crash, failures=failures)
    assert output is None
    assert "the shop is gone" in (error or "")
    assert [(e["event_type"], e["step"]) for e in events] == [
        ("step_completed", "first"),
        ("step_failed", "second"),
        ("run_failed", "report-failure"),
    ]
    for event in events[1:]:
        assert (event["error_type"], event["error_detail"]) == ("NonRetryable", "the shop is gone")
    assert failures == [Failure("second", "NonRetryable", "the shop is gone")]
