"""What each step of a backfill does, beside those of a bulk sync."""

from __future__ import annotations

from datetime import datetime

from ingest.bindings import IngestBindings
from ingest.workflows.bulk_sync_steps import LEASE, BulkSyncSteps, LeaseLost
from ingest.workflows.run_notes import RunNotes
from shared.clock import format_instant, parse_instant
from shared.errors import NonRetryable
from shared.integrations.shopify.client import ShopifyClient
from shared.jobs import BackfillStart, ShopifyBulkSyncStart
from shared.ports import Json, JsonObject
from shared.sync.audit import Failure, StepReport
from shared.sync.windows import Window, backfill_windows, halved, hidden_before, hidden_orders_note


class BackfillSteps:
    """The actions of one run."""

    def __init__(self, job: BackfillStart, bindings: IngestBindings, *, workflow: str) -> None:
        self._job, self._bindings = job, bindings
        self.lease_name = f"backfill-{job.object}"
        self._notes = RunNotes(
            bindings, workflow=workflow, run_id=job.run_id, requested_by=job.requested_by
        )

    async def begin(self) -> StepReport:
        """Lease the object's history, and settle which windows are read."""
        b, now = self._bindings, self._bindings.clock.now()
        await self._notes.begin(object=self._job.object, step="begin")
        if (holder := await self._holder()) != self._job.run_id:
            reason = f"run {holder} backfills {self._job.object}"
            return StepReport(await self._end("skipped", reason=reason, held_by=holder))
        async with b.http() as http:
            client = ShopifyClient(http, settings=b.settings, clock=b.clock)
            scopes = await client.access_scopes()
            customer_data = self._job.object != "orders" or await client.reads_customer_data()
        wall = hidden_before(self._job.object, scopes, now)
        window, notes = self._asked(now, wall)
        is_cut = bool(notes)
        if self._job.object == "orders" and (note := hidden_orders_note(window, scopes)):
            notes.append(note)
        windows = [_texts(part) for part in backfill_windows(window.since, window.until)]
        await self._notes.note(notes=notes, windows_left=len(windows), **_bounds(window))
        if not windows:
            return StepReport(await self._end("blocked" if is_cut else "complete", notes=notes))
        start: JsonObject = {"status": "running", "windows": windows, "notes": notes}
        return StepReport(
            {**start, "scopes": sorted(scopes), "customer_data": customer_data, "wall": _text(wall)}
        )

    async def window(self, since: str, until: str, left: int) -> StepReport:
        """Note which window is next; its bulk operations are younger than this."""
        if (holder := await self._holder()) != self._job.run_id:
            raise LeaseLost(f"run {holder} took over the backfill of {self._job.object}")
        await self._notes.note(windows_left=left, window={"since": since, "until": until})
        return StepReport(format_instant(self._bindings.clock.now()))

    async def halve(self, since: str, until: str, reason: str) -> StepReport:
        """Cut a window that failed into two."""
        if (halves := halved(self.bounds(since, until))) is None:
            raise NonRetryable(reason)
        await self._notes.note(step="halve", halved={"since": since, "until": until, "why": reason})
        return StepReport([_texts(half) for half in halves])

    async def finish(
        self, start: JsonObject, loaded: int, windows: int, totals: JsonObject
    ) -> StepReport:
        """Note what came of it, and give the history free."""
        counts = {"windows": loaded, "windows_halved": windows - loaded, "windows_left": 0}
        end = await self._end("complete", **counts, **totals, hidden_before=start["wall"])
        return StepReport({**end, "notes": start["notes"]})

    async def failed(self, failure: Failure) -> None:
        """Say why it failed, and give the history free."""
        await self._notes.failed(failure)
        await self._release()

    def of_window(self, number: int) -> BulkSyncSteps:
        """Return the steps that load one window."""
        return _WindowSteps(self._job, number, self._bindings, self._notes)

    def bounds(self, since: str, until: str) -> Window:
        """Return a window as it is computed with."""
        return Window(parse_instant(since), parse_instant(until))

    def _asked(self, now: datetime, wall: datetime | None) -> tuple[Window, list[str]]:
        since = self._job.since.replace(microsecond=0)
        until = min(self._job.until or now, now).replace(microsecond=0)
        if wall is None or since >= wall:
            return Window(since, until), []
        note = (
            f"the access token lacks read_all_orders: Shopify hides orders created before"
            f" {format_instant(wall)}, so nothing from {format_instant(since)} up to there was read"
        )
        return Window(wall, until), [note]

    async def _end(self, status: str, **fields: Json) -> JsonObject:
        await self._release()
        return await self._notes.ended(status, **fields)

    async def _holder(self) -> str:
        lease = await self._bindings.watermarks.acquire(
            self.lease_name, self._job.run_id, ttl=LEASE
        )
        return lease.held_by

    async def _release(self) -> None:
        await self._bindings.watermarks.release(self.lease_name, self._job.run_id)


class _WindowSteps(BulkSyncSteps):
    """The steps of a bulk sync for one window of a backfill.

    Archive and rows bear the window's own name; lease and summary are those of the backfill.
    """

    def __init__(
        self, job: BackfillStart, number: int, bindings: IngestBindings, notes: RunNotes
    ) -> None:
        sync = ShopifyBulkSyncStart(
            run_id=f"{job.run_id}-w{number:04}", object=job.object, requested_by=job.requested_by
        )
        super().__init__(sync, bindings, workflow="backfill")
        self._backfill, self._notes = job, notes
        self.lease_name = f"backfill-{job.object}"

    async def _renew(self) -> None:
        lease = await self._bindings.watermarks.acquire(
            self.lease_name, self._backfill.run_id, ttl=LEASE
        )
        if lease.held_by != self._backfill.run_id:
            raise LeaseLost(f"run {lease.held_by} took over the backfill of {self.object}")

    async def _record(self, **fields: Json) -> None:
        if "notes" in fields:
            fields["window_notes"] = fields.pop("notes")
        await self._notes.note(**fields)


def _texts(window: Window) -> list[str]:
    return [format_instant(window.since), format_instant(window.until)]


def _bounds(window: Window) -> dict[str, Json]:
    return {"since": format_instant(window.since), "until": format_instant(window.until)}


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
