"""The daily sync of one object: from Shopify's bulk operation to rows, events and the watermark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol

from ingest.bindings import IngestBindings
from ingest.workflows.bulk_sync_steps import BulkSyncSteps
from shared.jobs import ShopifyBulkSyncStart
from shared.ports import Json, JsonObject, Retry, Step
from shared.sync.audit import StepReport, run_audited
from shared.sync.exports import (
    OPERATIONS_MAX,
    POLLS_MAX,
    UNKNOWN_POLLS,
    ExportFailed,
    wait_before_poll,
)

WORKFLOW: Final = "shopify-bulk-sync"
_REQUEST: Final = Retry(limit=20, delay=timedelta(seconds=15), backoff="linear")
"""Patient: all five operations that Shopify allows may be another run's for an hour."""
_LONG: Final = Retry(limit=3, delay=timedelta(seconds=5), timeout=timedelta(minutes=45))


async def shopify_bulk_sync(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Sync one object from its watermark to now.

    Args:
        step: The journal of this run.
        payload: A `ShopifyBulkSyncStart` without its type.
        bindings: The ports of ingest.
    """
    job = ShopifyBulkSyncStart.model_validate(payload)
    steps = BulkSyncSteps(job, bindings, workflow=WORKFLOW)
    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=lambda audited: BulkRun(audited, steps).run(),
        on_failure=steps.failed,
    )


class NamedSteps(Protocol):
    """The part of `AuditedStep` that a bulk run needs."""

    async def do(
        self, name: str, action: Callable[[], Awaitable[StepReport]], /, *, retry: Retry = ...
    ) -> Any:
        """Run the action as a step and return its report's result, or what it was before."""
        ...

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        ...


class BulkRun:
    """The order of the steps; everything it decides on comes from their results."""

    def __init__(self, step: NamedSteps, steps: BulkSyncSteps) -> None:
        self._step = step
        self._steps = steps
        self._polls = 0

    async def run(self) -> Json:
        """Run every step."""
        step, steps = self._step, self._steps
        start: JsonObject = await step.do("initiate", steps.initiate)
        if start["status"] != "running":
            return start
        await self.load(start)
        end: Json = await step.do("advance-watermark", partial(steps.finish, start))
        return end

    async def load(self, start: JsonObject) -> None:
        """Export a window, load it and stream what changed."""
        steps = self._steps
        operations = {part: [await self._request(start, part, [])] for part in steps.parts}
        for part, ids in operations.items():
            await self._export(start, part, ids)
        await self._pages("upsert", steps.first_page(), steps.upsert)
        if steps.has_events:
            await self._pages("enrich", steps.first_orders(), steps.enrich)

    async def _request(self, start: JsonObject, part: str, known: list[str]) -> str:
        name = _numbered("request", part, len(known) + 1)
        action = partial(self._steps.request, start, part, tuple(known))
        operation: str = await self._step.do(name, action, retry=_REQUEST)
        return operation

    async def _export(self, start: JsonObject, part: str, ids: list[str]) -> None:
        """Poll and download until there is a right archive; submit anew what came to nothing."""
        while True:
            verdict = await self._poll(part, ids[-1])
            if verdict["state"] == "ready":
                name = _numbered("download", part, len(ids))
                action = partial(self._steps.download, start, part, ids[-1])
                verdict = await self._step.do(name, action, retry=_LONG)
            if verdict["state"] == "ready":
                return
            reason = f"{part or self._steps.object}: {verdict['reason']}"
            if verdict["state"] == "hopeless" or len(ids) == OPERATIONS_MAX:
                raise ExportFailed(f"{reason} (operation {len(ids)} of {OPERATIONS_MAX})")
            start["notes"] = [*start["notes"], f"{reason}; submitted again"]
            ids.append(await self._request(start, part, ids))

    async def _poll(self, part: str, operation: str) -> JsonObject:
        unknown = 0
        for number in range(1, POLLS_MAX + 1):
            self._polls += 1
            name = f"{self._polls:05}"
            action = partial(self._steps.poll, part, operation)
            verdict: JsonObject = await self._step.do(f"poll-{name}", action)
            if verdict["state"] != "wait":
                return verdict
            unknown = unknown + 1 if verdict["reason"] else 0
            if unknown == UNKNOWN_POLLS:
                return {**verdict, "state": "hopeless"}
            await self._step.sleep(f"wait-{name}", wait_before_poll(number))
        return {"state": "hopeless", "reason": "the bulk operation did not end"}

    async def _pages(
        self,
        kind: str,
        first: JsonObject,
        action: Callable[[JsonObject], Awaitable[StepReport]],
    ) -> None:
        cursor: JsonObject | None = first
        number = 0
        while cursor is not None:
            number += 1
            cursor = await self._step.do(
                f"{kind}-{number:05}", partial(action, cursor), retry=_LONG
            )


def _numbered(step: str, part: str, attempt: int) -> str:
    name = f"{step}-{part}" if part else step
    return name if attempt == 1 else f"{name}-{attempt}"
