"""What every Workflow engine promises: the `Step` of a run and the `Workflows` port.

The Workflows themselves stand here too (`DEFINITIONS`), so that an engine that finds its classes
by name can be given the same ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from shared import limits
from shared.errors import InvalidInput, NonRetryable, NotFound
from shared.ports import Json, JsonObject, Retry, Step, Workflows, WorkflowStatus
from tests.contract.suites.checks import fails_with

AT_ONCE = Retry(limit=2, delay=timedelta(0), timeout=timedelta(seconds=5))


@dataclass
class Effects:
    """What actions did in the outside world, by name, in order."""

    done: list[str] = field(default_factory=list)


EFFECTS = Effects()


@dataclass(frozen=True)
class WorkflowSubject:
    """The port, and a wait until an instance has ended."""

    workflows: Workflows
    finished: Callable[[str, str], Awaitable[WorkflowStatus]]


async def _note(what: str, result: Json = None) -> Json:
    EFFECTS.done.append(what)
    return result


async def _fail(what: str, error: Exception, times: int = 99) -> Json:
    EFFECTS.done.append(what)
    if EFFECTS.done.count(what) <= times:
        raise error
    return "at last"


async def sums(step: Step, payload: JsonObject) -> Json:
    """Add the numbers, one step each."""
    total = 0
    for number, value in enumerate(payload["values"], start=1):
        total += await step.do(f"value-{number:05}", partial(_note, f"value {value}", value))
    return {"total": total}


async def recovers(step: Step, payload: JsonObject) -> Json:
    """Succeed on the third attempt."""
    fails = partial(_fail, payload["mark"], ValueError("not yet"), 2)
    return await step.do("flaky", fails, retry=AT_ONCE)  # type: ignore[no-any-return]


async def gives_up(step: Step, payload: JsonObject) -> Json:
    """Fail on every attempt, and go on after it."""
    try:
        await step.do("doomed", partial(_fail, payload["mark"], ValueError("never")), retry=AT_ONCE)
    except Exception as error:  # noqa: BLE001 - its type does not survive every engine
        return {"caught": str(error)}
    return "not reached"


async def is_permanent(step: Step, payload: JsonObject) -> Json:
    """Fail once and for all."""
    reason = payload.get("reason", "no such shop")
    action = partial(_fail, payload["mark"], NonRetryable(reason))
    return await step.do("permanent", action, retry=AT_ONCE)  # type: ignore[no-any-return]


async def is_slow(step: Step, payload: JsonObject) -> Json:
    """Take longer than a step may."""

    async def slow() -> Json:
        EFFECTS.done.append(payload["mark"])
        await asyncio.sleep(30)
        return None

    retry = Retry(limit=1, delay=timedelta(0), timeout=timedelta(milliseconds=30))
    return await step.do("slow", slow, retry=retry)  # type: ignore[no-any-return]


async def returns_too_much(step: Step, payload: JsonObject) -> Json:
    """Return more than a step's result may hold."""
    action = partial(_note, payload["mark"], "x" * (limits.STEP_RESULT_BYTES + 1))
    return await step.do("too-much", action, retry=AT_ONCE)  # type: ignore[no-any-return]


async def returns_no_json(step: Step, payload: JsonObject) -> Json:
    """Return what the journal cannot hold."""
    action = partial(_note, payload["mark"], {"pair": (1, 2)})
    return await step.do("no-json", action, retry=AT_ONCE)  # type: ignore[no-any-return]


async def naps(step: Step, _payload: JsonObject) -> Json:
    """Sleep a moment between two steps."""
    await step.do("before", partial(_note, "nap begins"))
    await step.sleep("nap", timedelta(milliseconds=50))
    return await step.do("after", partial(_note, "nap ends", "awake"))  # type: ignore[no-any-return]


async def waits(step: Step, payload: JsonObject) -> Json:
    """Wait for an approval."""
    timeout = timedelta(milliseconds=payload["milliseconds"])
    return {"got": await step.wait_for_event("approval", "approved", timeout=timeout)}


DEFINITIONS: dict[str, Callable[[Step, JsonObject], Awaitable[Json]]] = {
    "sums": sums,
    "recovers": recovers,
    "gives-up": gives_up,
    "is-permanent": is_permanent,
    "is-slow": is_slow,
    "returns-too-much": returns_too_much,
    "returns-no-json": returns_no_json,
    "naps": naps,
    "waits": waits,
}


async def runs_its_steps_and_has_an_output(subject: WorkflowSubject) -> None:
    assert await subject.workflows.start("sums", "sums-1", {"values": [1, 2, 3]})
    status = await subject.finished("sums", "sums-1")
    assert (status.state, status.output) == ("complete", {"total": 6})
    assert (await subject.workflows.status("sums", "sums-1")) == status


async def an_instance_id_starts_once(subject: WorkflowSubject) -> None:
    assert await subject.workflows.start("sums", "once", {"values": [41]})
    assert not await subject.workflows.start("sums", "once", {"values": [42]})
    status = await subject.finished("sums", "once")
    assert status.output == {"total": 41}
    assert not await subject.workflows.start("sums", "once", {"values": [43]})
    assert EFFECTS.done.count("value 43") == 0


async def an_unknown_instance_is_not_found(subject: WorkflowSubject) -> None:
    workflows = subject.workflows
    assert await workflows.status("sums", "nobody") is None
    await fails_with(NotFound, workflows.terminate("sums", "nobody"))
    await fails_with(NotFound, workflows.restart("sums", "nobody"))
    await fails_with(NotFound, workflows.send_event("sums", "nobody", "approved", None))


async def a_bad_instance_id_is_refused(subject: WorkflowSubject) -> None:
    for bad in ("", "-leading", "a b", "a/b", "a:b", "x" * 101, "a\n"):
        await fails_with(InvalidInput, subject.workflows.start("sums", bad, {"values": []}))
    assert await subject.workflows.start("sums", "_" + "x" * 99, {"values": []})
    await subject.finished("sums", "_" + "x" * 99)


async def a_failing_step_is_tried_again(subject: WorkflowSubject) -> None:
    await subject.workflows.start("recovers", "recovers-1", {"mark": "flaky call"})
    status = await subject.finished("recovers", "recovers-1")
    assert (status.state, status.output) == ("complete", "at last")
    assert EFFECTS.done.count("flaky call") == 3


async def a_step_out_of_retries_fails_where_it_stands(subject: WorkflowSubject) -> None:
    await subject.workflows.start("gives-up", "gives-up-1", {"mark": "doomed call"})
    status = await subject.finished("gives-up", "gives-up-1")
    assert status.state == "complete"
    assert isinstance(status.output, dict)
    assert "never" in status.output["caught"]
    assert EFFECTS.done.count("doomed call") == 3


async def a_permanent_failure_is_not_tried_again(subject: WorkflowSubject) -> None:
    await subject.workflows.start("is-permanent", "permanent-1", {"mark": "permanent call"})
    status = await subject.finished("is-permanent", "permanent-1")
    assert status.state == "errored"
    assert "no such shop" in (status.error or "")
    assert EFFECTS.done.count("permanent call") == 1


async def a_reason_of_several_lines_is_told_whole(subject: WorkflowSubject) -> None:
    reason = "no such shop:\n  acme: gone\n\nsince: yesterday\n"
    await subject.workflows.start("is-permanent", "lines-1", {"mark": "lines", "reason": reason})
    status = await subject.finished("is-permanent", "lines-1")
    assert status.state == "errored"
    assert " ".join(reason.split()) in " ".join((status.error or "").split())
    assert EFFECTS.done.count("lines") == 1


async def a_slow_step_times_out_and_is_tried_again(subject: WorkflowSubject) -> None:
    await subject.workflows.start("is-slow", "slow-1", {"mark": "slow call"})
    status = await subject.finished("is-slow", "slow-1")
    assert status.state == "errored"
    assert EFFECTS.done.count("slow call") == 2


async def a_result_over_1_mib_fails_for_good(subject: WorkflowSubject) -> None:
    await subject.workflows.start("returns-too-much", "much-1", {"mark": "too much"})
    status = await subject.finished("returns-too-much", "much-1")
    assert status.state == "errored"
    assert str(limits.STEP_RESULT_BYTES) in (status.error or "")
    assert EFFECTS.done.count("too much") == 1


async def a_result_that_is_no_json_fails_for_good(subject: WorkflowSubject) -> None:
    await subject.workflows.start("returns-no-json", "json-1", {"mark": "no json"})
    status = await subject.finished("returns-no-json", "json-1")
    assert status.state == "errored"
    assert "tuple" in (status.error or "")
    assert EFFECTS.done.count("no json") == 1


async def a_sleep_ends(subject: WorkflowSubject) -> None:
    await subject.workflows.start("naps", "naps-1", {})
    assert (await subject.finished("naps", "naps-1")).output == "awake"


async def an_event_sent_early_is_kept(subject: WorkflowSubject) -> None:
    await subject.workflows.start("waits", "waits-1", {"milliseconds": 20_000})
    await subject.workflows.send_event("waits", "waits-1", "other", {"by": "nobody"})
    await subject.workflows.send_event("waits", "waits-1", "approved", {"by": "ada"})
    status = await subject.finished("waits", "waits-1")
    assert status.output == {"got": {"by": "ada"}}


async def a_wait_without_event_ends_with_none(subject: WorkflowSubject) -> None:
    await subject.workflows.start("waits", "waits-2", {"milliseconds": 30})
    assert (await subject.finished("waits", "waits-2")).output == {"got": None}


async def a_terminated_instance_stops(subject: WorkflowSubject) -> None:
    await subject.workflows.start("waits", "waits-3", {"milliseconds": 60_000})
    await subject.workflows.terminate("waits", "waits-3")
    status = await subject.workflows.status("waits", "waits-3")
    assert status is not None
    assert status.state == "terminated"


async def a_restart_runs_every_step_again(subject: WorkflowSubject) -> None:
    await subject.workflows.start("sums", "again-1", {"values": [70]})
    await subject.finished("sums", "again-1")
    await subject.workflows.restart("sums", "again-1")
    status = await subject.finished("sums", "again-1")
    assert (status.state, status.output) == ("complete", {"total": 70})
    assert EFFECTS.done.count("value 70") == 2


CASES = (
    runs_its_steps_and_has_an_output,
    an_instance_id_starts_once,
    an_unknown_instance_is_not_found,
    a_bad_instance_id_is_refused,
    a_failing_step_is_tried_again,
    a_step_out_of_retries_fails_where_it_stands,
    a_permanent_failure_is_not_tried_again,
    a_reason_of_several_lines_is_told_whole,
    a_slow_step_times_out_and_is_tried_again,
    a_result_over_1_mib_fails_for_good,
    a_result_that_is_no_json_fails_for_good,
    a_sleep_ends,
    an_event_sent_early_is_kept,
    a_wait_without_event_ends_with_none,
    a_terminated_instance_stops,
    a_restart_runs_every_step_again,
)
