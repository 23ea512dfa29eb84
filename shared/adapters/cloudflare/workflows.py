"""Workflows: the step of the engine as ours, and starting and observing instances.

Step results cross as JSON text, so that a float stays a float and None stays None. A step that
fails raises `StepFailed` in the Workflow, as on the embedded engine: the name and text of its own
error travel in the message, the only thing that survives the RPC and a restart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar

from pyodide.ffi import JsException
from workers.workflows import NonRetryableError

from shared.adapters.cloudflare.errors import unavailable
from shared.adapters.encoding import step_result
from shared.errors import InvalidInput, NonRetryable, NotFound, StepFailed
from shared.ports import DEFAULT_RETRY, Json, JsonObject, Retry, Step, WorkflowStatus

INSTANCE_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}\Z")
Held = TypeVar("Held")
State = Literal["queued", "running", "waiting", "paused", "complete", "errored", "terminated"]
_STATES: Final[Mapping[str, State]] = {
    "queued": "queued",
    "running": "running",
    "waiting": "waiting",
    "waitingForPause": "paused",
    "paused": "paused",
    "complete": "complete",
    "errored": "errored",
    "terminated": "terminated",
}
_MARK: Final = "step failed: "
_FAILURE: Final = re.compile(_MARK + r"(\w+): (.*)", re.DOTALL)
_EXISTS: Final = "already_exists"
_UNKNOWN: Final = "not_found"
_TIMED_OUT: Final = "timed out"


class _ActionFailed(Exception):
    """A step's own error, named in the message; the engine may try again."""


class CloudflareStep:
    """The `Step` of one instance."""

    def __init__(self, step: Any) -> None:
        self._step = step

    async def do(
        self,
        name: str,
        action: Callable[[], Awaitable[Json]],
        /,
        *,
        retry: Retry = DEFAULT_RETRY,
    ) -> Any:
        """Run the action, or return what it returned before."""

        async def run() -> str:
            try:
                return step_result(name, await action())
            except NonRetryable as error:
                raise NonRetryableError(_message(error)) from error
            except Exception as error:
                raise _ActionFailed(_message(error)) from error

        try:
            return json.loads(await self._step.do(name, config=_config(retry))(run)())
        except Exception as error:
            raise _failure(error) from error

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        await self._step.sleep(name, _milliseconds(duration))

    async def wait_for_event(self, name: str, event_type: str, /, *, timeout: timedelta) -> Json:
        """Return the payload of the next event of this type, or None once `timeout` is over."""
        try:
            event = await self._step.wait_for_event(
                name, event_type, timeout=_milliseconds(timeout)
            )
        except JsException as error:
            if _TIMED_OUT in str(error):
                return None
            raise
        payload: Json = event["payload"]
        return payload


class CloudflareWorkflows:
    """Starts and observes instances by the Workflow's name.

    Args:
        bindings: The Workflow binding by name.
    """

    def __init__(self, bindings: Mapping[str, Any]) -> None:
        self._bindings = bindings

    async def start(self, name: str, instance_id: str, payload: JsonObject, /) -> bool:
        """Start an instance; False if one with this id exists."""
        if not INSTANCE_ID.match(instance_id):
            raise InvalidInput(f"{instance_id!r} is no instance id: {INSTANCE_ID.pattern}")
        binding = self._binding(name)
        with unavailable("Workflows"):
            try:
                await binding.create({"id": instance_id, "params": payload})
            except JsException as error:
                if _EXISTS in str(error):
                    return False
                raise
        return True

    async def status(self, name: str, instance_id: str, /) -> WorkflowStatus | None:
        """Return the state of an instance, or None."""
        try:
            instance = await self._instance(name, instance_id)
        except NotFound:
            return None
        with unavailable("Workflows"):
            status = await instance.status()
        error = status.get("error")
        return WorkflowStatus(
            instance_id,
            _STATES.get(status["status"], "running"),
            status.get("output"),
            str(error.get("message") if isinstance(error, dict) else error) if error else None,
        )

    async def terminate(self, name: str, instance_id: str, /) -> None:
        """Stop an instance; one that has ended stays as it is. Raises NotFound."""
        status = await self.status(name, instance_id)
        if status is None:
            raise _no_instance(name, instance_id)
        if status.state in ("complete", "errored", "terminated"):
            return
        instance = await self._instance(name, instance_id)
        with unavailable("Workflows"):
            await instance.terminate()

    async def restart(self, name: str, instance_id: str, /) -> None:
        """Run an instance again from its first step. Raises NotFound."""
        instance = await self._instance(name, instance_id)
        with unavailable("Workflows"):
            await instance.restart()

    async def send_event(
        self, name: str, instance_id: str, event_type: str, payload: Json, /
    ) -> None:
        """Hand an event to a waiting instance. Raises NotFound."""
        instance = await self._instance(name, instance_id)
        with unavailable("Workflows"):
            await instance.send_event({"type": event_type, "payload": payload})

    def _binding(self, name: str) -> Any:
        if name not in self._bindings:
            raise NotFound(f"there is no Workflow {name!r}")
        return self._bindings[name]

    async def _instance(self, name: str, instance_id: str) -> Any:
        binding = self._binding(name)
        with unavailable("Workflows"):
            try:
                return await binding.get(instance_id)
            except JsException as error:
                if _UNKNOWN in str(error):
                    raise _no_instance(name, instance_id) from error
                raise


async def run_workflow(
    definition: Callable[[Step, JsonObject, Held], Awaitable[Json]],
    event: Any,
    step: Any,
    bindings: Held,
) -> Json:
    """Run a Workflow for the engine's `run(event, step)`."""
    return await definition(CloudflareStep(step), dict(event["payload"] or {}), bindings)


def class_name(workflow: str) -> str:
    """Return the class of a Workflow as configurations name it: `csv-export` is `CsvExport`."""
    return workflow.title().replace("-", "")


def binding_name(workflow: str) -> str:
    """Return the binding of a Workflow as configurations name it: `CSV_EXPORT`."""
    return workflow.upper().replace("-", "_")


def _config(retry: Retry) -> dict[str, Any]:
    return {
        "retries": {
            "limit": retry.limit,
            "delay": _milliseconds(retry.delay),
            "backoff": retry.backoff,
        },
        "timeout": _milliseconds(retry.timeout),
    }


def _milliseconds(duration: timedelta) -> int:
    return max(0, duration // timedelta(milliseconds=1))


def _message(error: Exception) -> str:
    """Return the message in one line: of a traceback the SDK keeps what its last line says."""
    return f"{_MARK}{type(error).__name__}: {' '.join(str(error).split())}"


def _failure(error: Exception) -> StepFailed:
    if found := _FAILURE.search(str(error)):
        return StepFailed(found[1], found[2].strip())
    return StepFailed(type(error).__name__, str(error))


def _no_instance(name: str, instance_id: str) -> NotFound:
    return NotFound(f"{name} has no instance {instance_id!r}")
