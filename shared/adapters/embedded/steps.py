"""One instance's steps on the journal: replay, retries, timeouts, sleeps and waits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, Self

from shared.adapters.embedded.journal import Journal, Value
from shared.adapters.encoding import step_result
from shared.clock import Clock
from shared.errors import NonRetryable, StepFailed
from shared.ports import DEFAULT_RETRY, Json, Retry

Sleep = Callable[[float], Awaitable[None]]
Interrupt = Callable[[Literal["before", "after"], str, str], None]
"""Called with the point, the Workflow and the step, around the journalling of a result."""

KILL_AFTER_STEP: Final = "LOCAL_KILL_AFTER_STEP"
KILL_BEFORE_JOURNAL: Final = "LOCAL_KILL_BEFORE_JOURNAL"
STEP_NAME_LENGTH: Final = 256
_POLL: Final = 1.0
"""Seconds after which a wait looks for events that another process wrote."""


def interrupt_from_environment(environment: Mapping[str, str] = os.environ) -> Interrupt:
    """Return the crash injection of tests: SIGKILL at the `workflow:step` a variable names."""
    points = {
        "after": environment.get(KILL_AFTER_STEP),
        "before": environment.get(KILL_BEFORE_JOURNAL),
    }

    def interrupt(point: Literal["before", "after"], workflow: str, step: str) -> None:
        if points[point] == f"{workflow}:{step}":
            os.kill(os.getpid(), signal.SIGKILL)

    return interrupt


class Slot:
    """A place among the instances that run at once; given up while its holder sleeps."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._held = False

    async def __aenter__(self) -> Self:
        await self.take()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.give_up()

    async def take(self) -> None:
        """Wait for a place."""
        await self._slots.acquire()
        self._held = True

    def give_up(self) -> None:
        """Let another instance run."""
        if self._held:
            self._held = False
            self._slots.release()


class JournalledStep:
    """The `Step` of one instance."""

    def __init__(
        self,
        journal: Journal,
        workflow: str,
        instance_id: str,
        *,
        clock: Clock,
        sleep: Sleep,
        slot: Slot,
        waker: asyncio.Event,
        interrupt: Interrupt,
        waiting: Callable[[bool], None],
    ) -> None:
        self.journal = journal
        self.workflow = workflow
        self.instance_id = instance_id
        self.clock = clock
        self._timer = sleep
        self._slot = slot
        self._waker = waker
        self._interrupt = interrupt
        self._waiting = waiting
        self._seen: set[str] = set()

    async def do(
        self,
        name: str,
        action: Callable[[], Awaitable[Json]],
        /,
        *,
        retry: Retry = DEFAULT_RETRY,
    ) -> Any:
        """Run the action, or return what it returned before."""
        entry = self._entry(name)
        if entry is not None and entry["state"] in ("done", "failed"):
            return _outcome(entry)
        attempts = int(entry["attempts"]) if entry else 0
        while True:
            try:
                async with asyncio.timeout(retry.timeout.total_seconds()):
                    result = step_result(name, await action())
            except Exception as error:  # noqa: BLE001 - a step may fail in any way
                attempts += 1
                await self._failed(name, error, attempts, retry)
            else:
                self._interrupt("before", self.workflow, name)
                self._journal(name, "done", result=result, attempts=attempts + 1)
                self._interrupt("after", self.workflow, name)
                return json.loads(result)

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        entry = self._entry(name)
        if entry is not None and entry["state"] == "done":
            return
        wake_at = self._deadline(name, entry, duration)
        await self._idle(lambda: self._until(wake_at))
        self._journal(name, "done", result="null")
        self._interrupt("after", self.workflow, name)

    async def wait_for_event(self, name: str, event_type: str, /, *, timeout: timedelta) -> Json:
        """Return the payload of the next event of this type, or None once `timeout` is over."""
        entry = self._entry(name)
        if entry is not None and entry["state"] == "done":
            return _result(entry["result"])
        deadline = self._deadline(name, entry, timeout)
        while (text := self._take_event(name, event_type)) is None:
            left = deadline - self.clock.now().timestamp()
            if left <= 0:
                self._journal(name, "done", result="null")
                return None
            await self._idle(partial(self._woken, left))
        self._interrupt("after", self.workflow, name)
        return _result(text)

    def _entry(self, name: str) -> sqlite3.Row | None:
        if not 0 < len(name) <= STEP_NAME_LENGTH:
            raise NonRetryable(f"a step name has 1 to {STEP_NAME_LENGTH} characters")
        if name in self._seen:
            raise NonRetryable(f"step {name!r} stands twice in this run; names are unique")
        self._seen.add(name)
        return self.journal.row(
            "SELECT * FROM workflow_step WHERE workflow = ? AND id = ? AND step = ?",
            self.workflow,
            self.instance_id,
            name,
        )

    async def _failed(self, name: str, error: Exception, attempts: int, retry: Retry) -> None:
        final = isinstance(error, NonRetryable) or attempts > retry.limit
        kind = type(error).__name__
        detail = str(error) or (
            f"took longer than {retry.timeout}" if isinstance(error, TimeoutError) else kind
        )
        self._journal(
            name,
            "failed" if final else "retrying",
            error_type=kind,
            error_detail=detail,
            attempts=attempts,
        )
        if final:
            self._interrupt("after", self.workflow, name)
            raise StepFailed(kind, detail) from error
        await self._timer(_backoff(retry, attempts).total_seconds())

    def _deadline(self, name: str, entry: sqlite3.Row | None, duration: timedelta) -> float:
        if entry is not None:
            return float(entry["wake_at"])
        at = (self.clock.now() + duration).timestamp()
        self._journal(name, "waiting", wake_at=at)
        return at

    async def _idle(self, wait: Callable[[], Awaitable[None]]) -> None:
        self._waiting(True)
        self._slot.give_up()
        await wait()
        await self._slot.take()
        self._waiting(False)

    async def _until(self, at: float) -> None:
        while (left := at - self.clock.now().timestamp()) > 0:
            await self._timer(left)

    async def _woken(self, left: float) -> None:
        self._waker.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left, _POLL)):
                await self._waker.wait()

    def _take_event(self, name: str, event_type: str) -> str | None:
        with self.journal.transaction():
            row = self.journal.row(
                "DELETE FROM workflow_event WHERE seq = (SELECT min(seq) FROM workflow_event"
                " WHERE workflow = ? AND id = ? AND type = ?) RETURNING payload",
                self.workflow,
                self.instance_id,
                event_type,
            )
            if row is None:
                return None
            self._journal(name, "done", result=row["payload"])
            return str(row["payload"])

    def _journal(self, name: str, state: str, *, attempts: int = 1, **columns: Value) -> None:
        self.journal.execute(
            "INSERT OR REPLACE INTO workflow_step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.workflow,
            self.instance_id,
            name,
            state,
            columns.get("result"),
            columns.get("error_type"),
            columns.get("error_detail"),
            attempts,
            columns.get("wake_at"),
        )


def _outcome(entry: sqlite3.Row) -> Json:
    if entry["state"] == "failed":
        raise StepFailed(entry["error_type"], entry["error_detail"])
    return _result(entry["result"])


def _result(text: str) -> Json:
    result: Json = json.loads(text)
    return result


def _backoff(retry: Retry, attempts: int) -> timedelta:
    if retry.backoff == "constant":
        return retry.delay
    if retry.backoff == "linear":
        return retry.delay * attempts
    return retry.delay * 2.0 ** (attempts - 1)
