"""What each step of a compliance request does; every action may run twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.clock import format_instant
from shared.errors import Conflict
from shared.ids import derived_id
from shared.orders.marks_repository import OrderMarks
from shared.ports import JsonObject
from shared.sync.audit import Failure, StepReport
from shared.transactions import in_transaction
from shared.webhooks.compliance import WORKFLOW, ComplianceRequest, close_record
from shared.webhooks.compliance_repository import CustomerRecords
from shared.webhooks.personal import drop_bodies, redact_archive

ORDERS_PER_PAGE: Final = 50
ORDERS_PER_TRANSACTION: Final = 500
ROWS_PER_ERASURE: Final = 5_000
OBJECTS_PER_PAGE: Final = {"archives": 1, "bodies": 200, "objects": 500}
"""An archive may have a gigabyte, so each has a step of its own."""
_KIND: Final = ArtifactKind.COMPLIANCE_RECORD


class ComplianceSteps:
    """The actions of one request."""

    def __init__(self, request: ComplianceRequest, bindings: IngestBindings) -> None:
        self._request, self._bindings = request, bindings
        self._order_ids = sorted({derived_id("ord", gid) for gid in request.order_gids})

    async def begin(self) -> StepReport:
        """Keep the record of the request, which names nobody."""
        request, now = self._request, self._bindings.clock.now()
        payload: JsonObject = {
            "topic": request.topic,
            "shop": request.shop,
            "request_id": request.request_id,
            "orders_named": len(request.order_gids),
            "received_at": format_instant(now),
        }
        async with self._bindings.databases.open() as db:
            with suppress(Conflict):  # an earlier attempt kept it
                await Artifacts(db).add(
                    _KIND,
                    payload,
                    at=now,
                    by=request.requested_by,
                    status="running",
                    artifact_id=request.artifact_id,
                )
        await self._summary("running", step="begin")
        return StepReport()

    async def export(self) -> StepReport:
        """Write everything that is kept about the customer into one object."""
        key = f"exports/compliance/{self._request.artifact_id}.json"
        info = await self._bindings.objects.put_stream(
            key, self._exported(), content_type="application/json"
        )
        return StepReport({"key": key, "bytes": info.size}, records_written=1)

    async def redact_rows(self) -> StepReport:
        """Erase what is personal of the orders, also of those that are written later."""
        now, ids = self._bindings.clock.now(), self._order_ids
        async with self._bindings.databases.open() as db:
            for start in range(0, len(ids), ORDERS_PER_TRANSACTION):
                some = ids[start : start + ORDERS_PER_TRANSACTION]
                await in_transaction(db, partial(OrderMarks(db).redact, some, now))
        return StepReport({"orders": len(ids)}, records_written=len(ids))

    async def erase_rows(self, table: str) -> StepReport:
        """Remove some rows of a table; the result is how many."""
        async with self._bindings.databases.open() as db:
            erased = await CustomerRecords(db).erase(table, limit=ROWS_PER_ERASURE)
        return StepReport(erased, records_written=erased)

    async def objects_page(self, kind: str, prefix: str, cursor: str | None) -> StepReport:
        """Redact or remove the objects of one page of a listing."""
        objects, gids = self._bindings.objects, set(self._request.order_gids)
        limit = OBJECTS_PER_PAGE[kind]
        page = await objects.list(prefix=prefix, cursor=cursor, limit=limit)
        changed = 0
        if kind == "objects":
            for info in page.objects:
                await objects.delete(info.key)
            changed = len(page.objects)
        elif kind == "bodies":
            changed = await drop_bodies(objects, page.objects, gids)
        else:
            for info in page.objects:
                changed += await redact_archive(objects, info.key, gids)
        read = len(page.objects)
        return StepReport({"cursor": page.cursor, "changed": changed}, read, changed)

    async def finish(self, done: JsonObject) -> StepReport:
        """Say in the record what was done."""
        await self._close("complete", done)
        await self._summary("complete", **done)
        return StepReport({"status": "complete", **done})

    async def failed(self, failure: Failure) -> None:
        """Say in the summary that it was not done."""
        await self._summary("failed", reason=f"{failure.step}: {failure.error_type}")

    async def close(self, failure: Failure) -> None:
        """Say so in the record too: somebody has 30 days to see to it."""
        await self._close("failed", {"step": failure.step, "reason": failure.error_type})

    async def _close(self, status: str, fields: JsonObject) -> None:
        request, now = self._request, self._bindings.clock.now()
        async with self._bindings.databases.open() as db:
            await close_record(
                db, request.artifact_id, status, fields, at=now, by=request.requested_by
            )

    async def _summary(self, status: str, **fields: object) -> None:
        now = format_instant(self._bindings.clock.now())
        times = {"started_at": now} if status == "running" else {"finished_at": now}
        await self._bindings.watermarks.record_run(
            {
                "run_id": self._request.run_id,
                "workflow": WORKFLOW,
                "object": self._request.topic,
                "requested_by": self._request.requested_by,
                "status": status,
                **times,
                **fields,
            }
        )

    async def _exported(self) -> AsyncIterator[bytes]:
        """Yield a JSON document: the request, and all rows of the customer's orders by table."""
        request = self._request
        head = {"topic": request.topic, "request_id": request.request_id}
        yield json.dumps(head)[:-1].encode() + b', "pages": ['
        after, separator = "", b""
        while True:
            async with self._bindings.databases.open() as db:
                records = CustomerRecords(db)
                ids = await records.order_ids(
                    customer_id=request.customer_id,
                    email_hash=request.email_hash,
                    named=self._order_ids,
                    after=after,
                    limit=ORDERS_PER_PAGE,
                )
                rows = await records.orders(ids) if ids else None
            if rows is None:
                break
            yield separator + json.dumps(rows, ensure_ascii=False).encode()
            after, separator = ids[-1], b","
        yield b"]}"
