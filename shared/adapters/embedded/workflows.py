"""The durable Workflow engine on the journal: a finished step is recorded once and replayed after.

Two tables carry it: instances, and what each step of an instance came to. A third holds events
that arrived before anyone waited for them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from shared import limits
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.steps import (
    Interrupt,
    JournalledStep,
    Sleep,
    Slot,
    interrupt_from_environment,
)
from shared.clock import Clock
from shared.errors import InvalidInput, NotFound, StepFailed
from shared.ports import Json, JsonObject, Step, WorkflowStatus

Definition = Callable[[Step, JsonObject], Awaitable[Json]]
INSTANCE_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}\Z")
KEPT: Final = timedelta(days=30)
_UNFINISHED: Final = ("queued", "running", "waiting")
_LOG: Final = logging.getLogger(__name__)

_SCRIPT: Final = (
    """CREATE TABLE workflow_instance (
        workflow TEXT NOT NULL,
        id TEXT NOT NULL,
        payload TEXT NOT NULL,
        state TEXT NOT NULL,
        output TEXT,
        error TEXT,
        changed_at REAL NOT NULL,
        PRIMARY KEY (workflow, id)
    )""",
    """CREATE TABLE workflow_step (
        workflow TEXT NOT NULL,
        id TEXT NOT NULL,
        step TEXT NOT NULL,
        state TEXT NOT NULL,
        result TEXT,
        error_type TEXT,
        error_detail TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        wake_at REAL,
        PRIMARY KEY (workflow, id, step)
    )""",
    """CREATE TABLE workflow_event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        workflow TEXT NOT NULL,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        payload TEXT NOT NULL
    )""",
)


class JournalWorkflows:
    """Runs registered Workflows as tasks of the running event loop.

    Args:
        journal: Where instances and steps are kept.
        clock: Decides when a sleep or a wait is over.
        concurrency: How many instances run at once; sleeping ones do not count.
        sleep: How a timer waits; tests give one that moves their clock.
        interrupt: Called around the journalling of each step, to cut a run off there in tests.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        clock: Clock,
        concurrency: int = 4,
        sleep: Sleep = asyncio.sleep,
        interrupt: Interrupt | None = None,
    ) -> None:
        journal.ensure("workflows", _SCRIPT)
        self.journal = journal
        self.clock = clock
        self.slots = asyncio.Semaphore(concurrency)
        self.sleep = sleep
        self.interrupt = interrupt or interrupt_from_environment()
        self._definitions: dict[str, Definition] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._wakers: dict[tuple[str, str], asyncio.Event] = {}

    def register(self, name: str, definition: Definition) -> None:
        """Make a Workflow known; before `resume`, since a definition may need the engine."""
        self._definitions[name] = definition

    def resume(self) -> int:
        """Forget instances that ended long ago, run the unfinished ones; return how many."""
        self._prune()
        rows = self.journal.rows(
            "SELECT workflow, id FROM workflow_instance WHERE state IN (?, ?, ?)"
            " ORDER BY changed_at",
            *_UNFINISHED,
        )
        known = [row for row in rows if row["workflow"] in self._definitions]
        for row in known:
            self._launch(row["workflow"], row["id"])
        return len(known)

    async def start(self, name: str, instance_id: str, payload: JsonObject, /) -> bool:
        """Start an instance; False if one with this id exists."""
        if name not in self._definitions:
            raise NotFound(f"there is no Workflow {name!r}")
        if not INSTANCE_ID.match(instance_id):
            raise InvalidInput(f"{instance_id!r} is no instance id: {INSTANCE_ID.pattern}")
        created = self.journal.execute(
            "INSERT INTO workflow_instance (workflow, id, payload, state, changed_at)"
            " VALUES (?, ?, ?, 'queued', ?) ON CONFLICT DO NOTHING",
            name,
            instance_id,
            _payload(payload),
            self.clock.now().timestamp(),
        )
        if created:
            self._launch(name, instance_id)
        return bool(created)

    async def status(self, name: str, instance_id: str, /) -> WorkflowStatus | None:
        """Return the state of an instance, or None."""
        row = self.journal.row(
            "SELECT state, output, error FROM workflow_instance WHERE workflow = ? AND id = ?",
            name,
            instance_id,
        )
        if row is None:
            return None
        output = json.loads(row["output"]) if row["output"] else None
        return WorkflowStatus(instance_id, row["state"], output, row["error"])

    async def terminate(self, name: str, instance_id: str, /) -> None:
        """Stop an instance; one that has ended stays as it is. Raises NotFound."""
        status = await self._known(name, instance_id)
        await self._cancel(name, instance_id)
        if status.state in _UNFINISHED:
            self._become(name, instance_id, "terminated")

    async def restart(self, name: str, instance_id: str, /) -> None:
        """Run an instance again from its first step. Raises NotFound."""
        await self._known(name, instance_id)
        await self._cancel(name, instance_id)
        with self.journal.transaction():
            for sql in (
                "DELETE FROM workflow_step WHERE workflow = ? AND id = ?",
                "DELETE FROM workflow_event WHERE workflow = ? AND id = ?",
            ):
                self.journal.execute(sql, name, instance_id)
            self._become(name, instance_id, "queued")
        self._launch(name, instance_id)

    async def send_event(
        self, name: str, instance_id: str, event_type: str, payload: Json, /
    ) -> None:
        """Hand an event to an instance, now or when it waits. Raises NotFound."""
        await self._known(name, instance_id)
        self.journal.execute(
            "INSERT INTO workflow_event (workflow, id, type, payload) VALUES (?, ?, ?, ?)",
            name,
            instance_id,
            event_type,
            _payload(payload),
        )
        if waker := self._wakers.get((name, instance_id)):
            waker.set()

    async def finished(self, name: str, instance_id: str) -> WorkflowStatus:
        """Wait until this process has nothing more to run of the instance; return its status."""
        if task := self._tasks.get((name, instance_id)):
            await asyncio.wait([task])
        return await self._known(name, instance_id)

    async def close(self) -> None:
        """Stop every instance where it is; the next engine on the journal goes on from there."""
        for key in list(self._tasks):
            await self._cancel(*key)

    def _launch(self, name: str, instance_id: str) -> None:
        key = (name, instance_id)
        if key in self._tasks and not self._tasks[key].done():
            return
        self._wakers[key] = asyncio.Event()
        task = asyncio.create_task(self._run(name, instance_id), name="/".join(key))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
            if not task.cancelled() and (error := task.exception()) is not None:
                _LOG.critical("workflow cut off: %r", error, extra={"workflow": key[0]})
            self._wakers.pop(key, None)

    async def _cancel(self, name: str, instance_id: str) -> None:
        if task := self._tasks.get((name, instance_id)):
            task.cancel()
            await asyncio.wait([task])

    async def _run(self, name: str, instance_id: str) -> None:
        row = self.journal.row(
            "SELECT payload FROM workflow_instance WHERE workflow = ? AND id = ?",
            name,
            instance_id,
        )
        payload = json.loads(row["payload"]) if row else {}
        async with Slot(self.slots) as slot:
            self._become(name, instance_id, "running")
            step = JournalledStep(
                self.journal,
                name,
                instance_id,
                clock=self.clock,
                sleep=self.sleep,
                slot=slot,
                waker=self._wakers[name, instance_id],
                interrupt=self.interrupt,
                waiting=lambda on: self._become(name, instance_id, "waiting" if on else "running"),
            )
            try:
                output = _payload(await self._definitions[name](step, payload))
            except Exception as error:  # noqa: BLE001 - whatever a Workflow raises ends it
                _LOG.warning("workflow failed", extra={"workflow": name, "instance": instance_id})
                self._become(name, instance_id, "errored", error=_describe(error))
            else:
                self._become(name, instance_id, "complete", output=output)

    def _become(
        self,
        name: str,
        instance_id: str,
        state: str,
        *,
        output: str | None = None,
        error: str | None = None,
    ) -> None:
        self.journal.execute(
            "UPDATE workflow_instance SET state = ?, output = ?, error = ?, changed_at = ?"
            " WHERE workflow = ? AND id = ?",
            state,
            output,
            error,
            self.clock.now().timestamp(),
            name,
            instance_id,
        )

    async def _known(self, name: str, instance_id: str) -> WorkflowStatus:
        if (status := await self.status(name, instance_id)) is None:
            raise NotFound(f"there is no instance {instance_id!r} of {name!r}")
        return status

    def _prune(self) -> None:
        oldest = (self.clock.now() - KEPT).timestamp()
        ended = "state NOT IN ('queued', 'running', 'waiting') AND changed_at < ?"
        with self.journal.transaction():
            self.journal.execute(
                "DELETE FROM workflow_step WHERE (workflow, id) IN"
                " (SELECT workflow, id FROM workflow_instance WHERE " + ended + ")",
                oldest,
            )
            self.journal.execute("DELETE FROM workflow_instance WHERE " + ended, oldest)


def _payload(value: Json) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"a Workflow's payload, events and output are JSON: {error}") from error
    if len(text) > limits.STEP_RESULT_BYTES:
        raise InvalidInput(f"a Workflow's JSON has at most {limits.STEP_RESULT_BYTES} bytes")
    return text


def _describe(error: Exception) -> str:
    if isinstance(error, StepFailed):
        return f"{error.error_type}: {error.detail}"
    return f"{type(error).__name__}: {error}"
