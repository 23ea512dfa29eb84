"""Keeps a run's summary: who asked, how far it is, how it ended."""

from __future__ import annotations

from ingest.bindings import IngestBindings
from shared.clock import format_instant
from shared.ports import Json, JsonObject
from shared.sync.audit import Failure


class RunNotes:
    """The summary of one run, where the list of runs is made of."""

    def __init__(
        self, bindings: IngestBindings, *, workflow: str, run_id: str, requested_by: str
    ) -> None:
        self._bindings = bindings
        self._workflow = workflow
        self._run_id = run_id
        self._requested_by = requested_by

    async def begin(self, **fields: Json) -> None:
        """Note that the run has started; a second time changes nothing but the time."""
        await self.note(
            status="running",
            workflow=self._workflow,
            requested_by=self._requested_by,
            started_at=format_instant(self._bindings.clock.now()),
            **fields,
        )

    async def note(self, **fields: Json) -> None:
        """Merge fields into the summary."""
        await self._bindings.watermarks.record_run({"run_id": self._run_id, **fields})

    async def complete(self, **fields: Json) -> JsonObject:
        """Note that the run has ended well, and return what it ended with."""
        return await self.ended("complete", **fields)

    async def ended(self, status: str, **fields: Json) -> JsonObject:
        """Note how the run has ended, and return what it ended with."""
        end: JsonObject = {"status": status, **fields}
        await self.note(**end, finished_at=format_instant(self._bindings.clock.now()))
        return {"run_id": self._run_id, **end}

    async def failed(self, failure: Failure) -> None:
        """Note why the run failed."""
        await self.note(
            status="failed",
            workflow=self._workflow,
            requested_by=self._requested_by,
            finished_at=format_instant(self._bindings.clock.now()),
            reason=failure.detail,
            error={"type": failure.error_type, "detail": failure.detail, "step": failure.step},
        )
