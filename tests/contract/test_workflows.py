"""The suite of Workflow engines over the embedded one, and the law of restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.steps import Interrupt, interrupt_from_environment
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.clock import FixedClock, SystemClock
from shared.errors import InvalidInput, NotFound, SettingsInvalid
from shared.ports import Json, JsonObject, Retry, Step
from tests.contract.suites import workflows as suite
from tests.contract.suites.workflows import WorkflowSubject


class Crash(BaseException):
    """Cuts a run off as a killed process would."""


def crash_at(wanted_point: str, wanted_step: str) -> Interrupt:
    def interrupt(point: str, _workflow: str, step: str) -> None:
        if (point, step) == (wanted_point, wanted_step):
            raise Crash

    return interrupt


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(
    case: Callable[[WorkflowSubject], Awaitable[None]], journal: Journal
) -> None:
    suite.EFFECTS.done.clear()
    engine = JournalWorkflows(journal, clock=SystemClock())
    for name, definition in suite.DEFINITIONS.items():
        engine.register(name, definition)
    await case(WorkflowSubject(engine, engine.finished))
    await engine.close()


def three_steps(done: list[str]) -> Callable[[Step, JsonObject], Awaitable[Json]]:
    async def definition(step: Step, _payload: JsonObject) -> Json:
        async def act(name: str) -> Json:
            done.append(name)
            return name

        results = [await step.do(name, lambda name=name: act(name)) for name in ("a", "b", "c")]
        return list(results)

    return definition


async def run_on(
    journal: Journal, definition: Callable[[Step, JsonObject], Awaitable[Json]], **options: object
) -> tuple[str, Json]:
    """Run instance `i` of Workflow `w` on the journal as far as it goes in a new engine."""
    engine = JournalWorkflows(journal, clock=SystemClock(), **options)  # type: ignore[arg-type]
    engine.register("w", definition)
    if not engine.resume():
        await engine.start("w", "i", {})
    status = await engine.finished("w", "i")
    await engine.close()
    return status.state, status.output


class TestRestart:
    """A finished step is never run again; an unfinished one is, after a restart."""

    @pytest.mark.parametrize("step", ["a", "b", "c"])
    async def test_after_its_journalling_no_step_runs_twice(
        self, step: str, journal: Journal, done: list[str]
    ) -> None:
        definition = three_steps(done)
        cut = await run_on(journal, definition, interrupt=crash_at("after", step))
        assert cut[0] == "running"
        assert await run_on(journal, definition) == ("complete", ["a", "b", "c"])
        assert done == ["a", "b", "c"]

    @pytest.mark.parametrize("step", ["a", "b", "c"])
    async def test_before_its_journalling_only_that_step_runs_twice(
        self, step: str, journal: Journal, done: list[str]
    ) -> None:
        definition = three_steps(done)
        await run_on(journal, definition, interrupt=crash_at("before", step))
        assert await run_on(journal, definition) == ("complete", ["a", "b", "c"])
        assert sorted(done) == sorted(["a", "b", "c", step])

    async def test_a_sleep_goes_on_where_it_was(self, journal: Journal) -> None:
        clock = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))
        slept: list[float] = []

        async def definition(step: Step, _payload: JsonObject) -> Json:
            await step.sleep("night", timedelta(hours=8))
            return "morning"

        async def die(seconds: float) -> None:
            slept.append(seconds)
            clock.advance(timedelta(hours=3))
            raise Crash

        async def jump(seconds: float) -> None:
            slept.append(seconds)
            clock.advance(timedelta(seconds=seconds))

        for timer, state in ((die, "waiting"), (jump, "complete")):
            engine = JournalWorkflows(journal, clock=clock, sleep=timer)
            engine.register("w", definition)
            if not engine.resume():
                await engine.start("w", "i", {})
            assert (await engine.finished("w", "i")).state == state
            await engine.close()
        assert slept == [8 * 3600.0, 5 * 3600.0]

    async def test_an_awaited_event_survives(self, journal: Journal) -> None:
        async def definition(step: Step, _payload: JsonObject) -> Json:
            return await step.wait_for_event("go", "go", timeout=timedelta(hours=1))

        first = JournalWorkflows(journal, clock=SystemClock())
        first.register("w", definition)
        await first.start("w", "i", {})
        await asyncio.sleep(0.01)
        await first.close()
        await first.send_event("w", "i", "go", {"n": 1})
        assert await run_on(journal, definition) == ("complete", {"n": 1})

    async def test_a_failed_step_stays_failed(self, journal: Journal, done: list[str]) -> None:
        async def definition(step: Step, _payload: JsonObject) -> Json:
            async def fail() -> Json:
                done.append("fail")
                raise ValueError("for good")

            try:
                await step.do("fails", fail, retry=Retry(limit=0))
            except Exception as error:  # noqa: BLE001 - only its text matters
                text = str(error)
            return await step.do("report", lambda: _return(text))  # type: ignore[no-any-return]

        await run_on(journal, definition, interrupt=crash_at("after", "fails"))
        assert await run_on(journal, definition) == ("complete", "for good")
        assert done == ["fail"]

    async def test_attempts_are_counted_across_restarts(
        self, journal: Journal, done: list[str]
    ) -> None:
        async def definition(step: Step, _payload: JsonObject) -> Json:
            async def fail() -> Json:
                done.append("x")
                raise ValueError("no")

            retry = Retry(limit=2, delay=timedelta(seconds=1))
            return await step.do("fails", fail, retry=retry)  # type: ignore[no-any-return]

        async def die(_seconds: float) -> None:
            raise Crash

        for _ in range(3):
            state, _ = await run_on(journal, definition, sleep=die)
        assert (state, len(done)) == ("errored", 3)

    async def test_an_instance_left_by_an_unknown_workflow_waits_for_it(
        self, journal: Journal, done: list[str]
    ) -> None:
        await run_on(journal, three_steps(done), interrupt=crash_at("after", "a"))
        assert JournalWorkflows(journal, clock=SystemClock()).resume() == 0
        assert (await run_on(journal, three_steps(done)))[0] == "complete"


async def _return(value: Json) -> Json:
    return value


async def test_backoff_grows_as_asked(journal: Journal) -> None:
    waits: list[float] = []

    async def definition(step: Step, _payload: JsonObject) -> Json:
        for backoff in ("constant", "linear", "exponential"):
            retry = Retry(limit=4, delay=timedelta(seconds=2), backoff=backoff)  # type: ignore[arg-type]
            with suppress(Exception):
                await step.do(backoff, _fail, retry=retry)
        return None

    async def note(seconds: float) -> None:
        waits.append(seconds)

    assert (await run_on(journal, definition, sleep=note))[0] == "complete"
    assert waits == [2, 2, 2, 2, 2, 4, 6, 8, 2, 4, 8, 16]


async def _fail() -> Json:
    raise ValueError("no")


async def test_a_step_name_stands_once_in_a_run(journal: Journal) -> None:
    async def definition(step: Step, _payload: JsonObject) -> Json:
        await step.do("same", lambda: _return(1))
        await step.do("same", lambda: _return(2))
        return None

    engine = JournalWorkflows(journal, clock=SystemClock())
    engine.register("w", definition)
    await engine.start("w", "i", {})
    assert "stands twice" in ((await engine.finished("w", "i")).error or "")


async def test_no_more_than_so_many_run_at_once_and_sleepers_do_not_count(
    journal: Journal,
) -> None:
    running, most = 0, 0

    async def definition(step: Step, _payload: JsonObject) -> Json:
        async def act() -> Json:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1
            return None

        await step.do("first", act)
        await step.sleep("pause", timedelta(milliseconds=60))
        await step.do("second", act)
        return None

    engine = JournalWorkflows(journal, clock=SystemClock(), concurrency=2)
    engine.register("w", definition)
    for number in range(8):
        await engine.start("w", f"i{number}", {})
    states = [(await engine.finished("w", f"i{number}")).state for number in range(8)]
    assert states == ["complete"] * 8
    assert most == 2


async def test_an_unknown_workflow_or_a_payload_that_is_no_json_is_refused(
    journal: Journal, done: list[str]
) -> None:
    engine = JournalWorkflows(journal, clock=SystemClock())
    engine.register("w", three_steps(done))
    with pytest.raises(NotFound):
        await engine.start("other", "i", {})
    with pytest.raises(InvalidInput):
        await engine.start("w", "i", {"t": b"bytes"})
    with pytest.raises(InvalidInput):
        await engine.start("w", "i", {"t": "x" * 2**20})


async def test_what_ended_a_month_ago_is_forgotten(journal: Journal, done: list[str]) -> None:
    await run_on(journal, three_steps(done))
    clock = FixedClock(datetime.now(UTC) + timedelta(days=31))
    engine = JournalWorkflows(journal, clock=clock)
    engine.resume()
    assert await engine.status("w", "i") is None
    assert journal.rows("SELECT * FROM workflow_step") == []


def test_the_crash_injection_is_off_by_default() -> None:
    interrupt_from_environment({})("after", "w", "a")
    interrupt_from_environment({"LOCAL_KILL_AFTER_STEP": "w:a"})("after", "w", "b")
    interrupt_from_environment({"LOCAL_KILL_AFTER_STEP": "w:a"})("before", "w", "a")


def test_a_journal_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    script = ("CREATE TABLE one (a)", "CREATE TABLE two (a)", "CREATE TABLE three (a)")
    journal = Journal(tmp_path / "journal.sqlite")
    journal.ensure("part", script[:2])
    journal.ensure("part", script)
    with pytest.raises(SettingsInvalid, match="has version 3, this program knows 1"):
        journal.ensure("part", script[:1])
    journal.close()
