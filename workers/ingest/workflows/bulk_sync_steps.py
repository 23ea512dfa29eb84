"""What each step of a bulk sync does; every action may run twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from ingest.bindings import IngestBindings
from ingest.settlement import settlement
from shared import limits
from shared.clock import format_instant, parse_instant
from shared.errors import NonRetryable
from shared.integrations.shopify import queries
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.selections import granted
from shared.jobs import ShopifyBulkSyncStart
from shared.orders.enrichment import stream_pending
from shared.ports import Json, JsonObject
from shared.sync.archive import archive_key
from shared.sync.audit import Failure, StepReport
from shared.sync.exports import download_export, judge, request_export
from shared.sync.load import Load
from shared.sync.order_load import AGREEMENTS, RETURNS, OrderLoad
from shared.sync.product_load import ProductLoad
from shared.sync.windows import Window, hidden_orders_note, sync_window

LEASE: Final = timedelta(hours=1)
"""Longer than any step; a run that died gives its object free after this."""
ENRICH_PAGES: Final = 25
"""Pages of orders per step."""


class LeaseLost(NonRetryable):
    """Another run took over the object while this one was held up."""


class BulkSyncSteps:
    """The actions of one run."""

    def __init__(
        self, job: ShopifyBulkSyncStart, bindings: IngestBindings, *, workflow: str
    ) -> None:
        self._job, self._bindings, self._workflow = job, bindings, workflow
        self.object = job.object
        self.parts: Sequence[str] = ("", AGREEMENTS) if job.object == "orders" else ("",)
        self.has_events = job.object == "orders"
        self._watermark = f"{job.object}_last_watermark"
        self.lease_name: str = job.object

    async def initiate(self) -> StepReport:
        """Lease the object, and settle what the run reads."""
        now = self._bindings.clock.now()
        holder = await self._holder()
        if holder != self._job.run_id:
            return StepReport(await self._skip(holder, now))
        begun: JsonObject = {"status": "running", "started_at": format_instant(now)}
        await self._record(
            **begun,
            workflow=self._workflow,
            object=self.object,
            requested_by=self._job.requested_by,
            step="initiate",
        )
        window = await self.window_at(now)
        async with self._shopify() as client:
            scopes = await client.access_scopes()
            customer_data = self.object != "orders" or await client.reads_customer_data()
        notes = [*window.notes]
        if self.object == "orders" and (note := hidden_orders_note(window, scopes)):
            notes.append(note)
        bounds: JsonObject = {
            "since": format_instant(window.since),
            "until": format_instant(window.until),
            "notes": notes,
        }
        await self._record(**bounds)
        granted = {"scopes": sorted(scopes), "customer_data": customer_data}
        return StepReport({**begun, **bounds, **granted})

    async def window_at(self, now: datetime) -> Window:
        """Return what a run that starts now reads."""
        return sync_window(await self._bindings.watermarks.read(self._watermark), now)

    async def request(self, start: JsonObject, part: str, known: Sequence[str]) -> StepReport:
        """Start a bulk operation, or take over the one that a lost attempt started."""
        await self._renew()
        async with self._shopify() as client:
            operation = await request_export(
                client,
                self._query(start, part),
                since=parse_instant(start["started_at"]),
                known=known,
            )
        operations = {_named("operations", part): [*known, operation]}
        await self._record(step="request", notes=start["notes"], **operations)
        return StepReport(operation)

    async def poll(self, part: str, operation_id: str) -> StepReport:
        """Look at the operation."""
        await self._renew()
        async with self._shopify() as client:
            operation = await client.bulk_operation(operation_id)
        verdict = judge(operation)
        progress = {"status": operation.status, "lines": operation.object_count}
        await self._record(step="poll", **{_named("bulk", part): progress})
        return StepReport(verdict.document(), records_read=verdict.lines)

    async def download(self, start: JsonObject, part: str, operation_id: str) -> StepReport:
        """Archive the result if it is right."""
        await self._renew()
        key = archive_key(self._job.run_id, part)
        async with self._shopify() as client:
            verdict = await download_export(
                client,
                self._bindings.objects,
                operation_id=operation_id,
                key=key,
                metadata=self._metadata(start),
            )
            if verdict.state == "ready" and self.object == "orders" and not part:
                await self._cross_check(client, start, verdict.roots)
        archive = {"key": key, **verdict.document()}
        await self._record(step="download", **{_named("archive", part): archive})
        return StepReport(verdict.document(), records_read=verdict.lines, bytes_read=verdict.size)

    def first_page(self) -> JsonObject:
        """Return the cursor of the first page of the load."""
        return {"at": {"phase": "roots", "offset": 0}, "rows": 0}

    async def upsert(self, cursor: JsonObject) -> StepReport:
        """Load one page of the archives."""
        await self._renew()
        async with self._shopify() as client:
            page = await self._load(client).page(cursor["at"])
        rows = cursor["rows"] + page.records_written
        await self._record(step="upsert", position=cursor["at"], rows_written=rows)
        rest: Json = None if page.cursor is None else {"at": page.cursor, "rows": rows}
        return StepReport(rest, page.records_read, page.records_written, page.bytes_read)

    def first_orders(self) -> JsonObject:
        """Return the cursor of the first pages of orders to stream."""
        return {"after": None, "orders": 0, "events": 0}

    async def enrich(self, cursor: JsonObject) -> StepReport:
        """Stream the events of some pages of the orders that this run wrote."""
        await self._renew()
        after, orders, events = cursor["after"], 0, 0
        for _ in range(ENRICH_PAGES):
            page = await stream_pending(
                self._bindings.databases,
                self._bindings.commerce,
                settle=settlement(self._bindings),
                written_by=self._job.run_id,
                after=after,
                limit=limits.ENRICH_CHUNK_ORDERS,
            )
            after, orders, events = page.cursor, orders + page.orders, events + page.events
            if after is None:
                break
        totals = {"orders": cursor["orders"] + orders, "events": cursor["events"] + events}
        await self._record(
            step="enrich", orders_streamed=totals["orders"], events_streamed=totals["events"]
        )
        rest: Json = None if after is None else {"after": after, **totals}
        return StepReport(rest, records_read=orders, records_written=events)

    async def finish(self, start: JsonObject) -> StepReport:
        """Advance the watermark to the window's upper bound, and give the object free."""
        until = parse_instant(start["until"])
        at = await self._bindings.watermarks.advance(self._watermark, until)
        end: JsonObject = {"status": "complete", "watermark_at": format_instant(at)}
        await self._record(
            **end, step="advance-watermark", finished_at=format_instant(self._bindings.clock.now())
        )
        await self._bindings.watermarks.release(self.lease_name, self._job.run_id)
        return StepReport({**end, "run_id": self._job.run_id}, watermark_at=at)

    async def failed(self, failure: Failure) -> None:
        """Say in the run's summary why it failed, and give the object free."""
        now = format_instant(self._bindings.clock.now())
        await self._record(
            status="failed",
            workflow=self._workflow,
            object=self.object,
            finished_at=now,
            reason=failure.detail,
            error={"type": failure.error_type, "detail": failure.detail, "step": failure.step},
        )
        await self._bindings.watermarks.release(self.lease_name, self._job.run_id)

    async def _skip(self, holder: str, now: datetime) -> JsonObject:
        reason = f"{self.object} is being synced by run {holder}"
        skipped: JsonObject = {"status": "skipped", "reason": reason, "held_by": holder}
        at = format_instant(now)
        await self._record(
            **skipped,
            workflow=self._workflow,
            object=self.object,
            requested_by=self._job.requested_by,
            started_at=at,
            finished_at=at,
        )
        return skipped

    async def _cross_check(self, client: ShopifyClient, start: JsonObject, roots: int) -> None:
        """Tell if the export holds fewer orders than Shopify counts by another way."""
        window = _window(start)
        expected = await client.orders_count(queries.window(window.since, window.until))
        if roots < expected:
            note = f"Shopify counts {expected} orders in the window, the export holds {roots}"
            await self._record(notes=[*start["notes"], note])

    def _metadata(self, start: JsonObject) -> dict[str, str]:
        returns = "all" if granted(start["scopes"], RETURNS) else "unread"
        return {"since": start["since"], "until": start["until"], RETURNS: returns}

    def _query(self, start: JsonObject, part: str) -> str:
        window, scopes = _window(start), frozenset(start["scopes"])
        if self.object == "products":
            return queries.products_bulk(window.since, window.until, scopes=scopes)
        if part == AGREEMENTS:
            return queries.agreements_bulk(window.since, window.until, scopes=scopes)
        return queries.orders_bulk(
            window.since, window.until, scopes=scopes, customer_data=start["customer_data"]
        )

    def _load(self, client: ShopifyClient) -> Load:
        b, run_id = self._bindings, self._job.run_id
        if self.object == "products":
            return ProductLoad(
                b.databases, b.objects, archive_run=run_id, written_by=run_id, loads=b.loads
            )
        return OrderLoad(
            b.databases,
            b.objects,
            client,
            archive_run=run_id,
            written_by=run_id,
            timezone=b.settings.SHOP_TIMEZONE,
            loads=b.loads,
        )

    async def _holder(self) -> str:
        lease = await self._bindings.watermarks.acquire(
            self.lease_name, self._job.run_id, ttl=LEASE
        )
        return lease.held_by

    async def _renew(self) -> None:
        if (holder := await self._holder()) != self._job.run_id:
            raise LeaseLost(f"run {holder} took over the sync of {self.object}")

    async def _record(self, **fields: Json) -> None:
        await self._bindings.watermarks.record_run({"run_id": self._job.run_id, **fields})

    @asynccontextmanager
    async def _shopify(self) -> AsyncIterator[ShopifyClient]:
        b = self._bindings
        async with b.http() as http:
            yield ShopifyClient(http, settings=b.settings, clock=b.clock)


def _named(name: str, part: str) -> str:
    return f"{part}_{name}" if part else name


def _window(start: JsonObject) -> Window:
    return Window(parse_instant(start["since"]), parse_instant(start["until"]))
