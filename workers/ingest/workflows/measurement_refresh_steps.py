"""What each step of a measurement refresh does; every action may run twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ingest.bindings import IngestBindings
from shared.clock import format_instant
from shared.errors import NonRetryable
from shared.health.checks import REFRESHED_AT
from shared.jobs import MeasurementDatasetRefresh
from shared.performance.replicate import dimension_key, replicate_dimension
from shared.performance.repository import shop_currency
from shared.performance.schemas import RefreshReport, RefreshRequest
from shared.performance.settings import get_classification
from shared.ports import Json, JsonObject
from shared.sync.audit import Failure, StepReport

LEASE_NAME: Final = "measurement"
LEASE: Final = timedelta(hours=1)
"""Longer than any step; a run that died lets the next one write after this."""
_NO_CURRENCY: Final = "USD"
"""Stands in while the shop has no order, and so nothing that could be measured."""


class LeaseLost(NonRetryable):
    """Another run took over the measurement tables while this one was held up."""


class MeasurementRefreshSteps:
    """The actions of one run."""

    def __init__(
        self, job: MeasurementDatasetRefresh, bindings: IngestBindings, *, workflow: str
    ) -> None:
        self._job, self._bindings, self._workflow = job, bindings, workflow

    async def replicate(self) -> StepReport:
        """Lease the tables, settle what is asked, and copy what PostgreSQL knows of products."""
        now = self._bindings.clock.now()
        holder = await self._holder()
        if holder != self._job.run_id:
            return StepReport(await self._skip(holder, now))
        await self._begin(now, status="running", step="replicate")
        products, document = await self._request(now)
        await self._record(as_of=document["as_of"], products=products)
        return StepReport({"status": "running", "request": document}, records_read=products)

    async def stage(self, stage: str, request: JsonObject) -> StepReport:
        """Run one stage of the engine."""
        if (holder := await self._holder()) != self._job.run_id:
            raise LeaseLost(f"run {holder} writes the measurement tables")
        await self._record(step=stage)
        result = await self._bindings.measurement.refresh(stage, request)
        report = RefreshReport.model_validate(result)
        written = report.sales_rows + report.products if stage == "write" else 0
        read = report.events_read if stage == "query" else 0
        return StepReport(
            report.model_dump(mode="json"), records_read=read, records_written=written
        )

    async def finish(self, report: JsonObject) -> StepReport:
        """Say in the run's summary what came of it, and when for the health; free the tables."""
        now = self._bindings.clock.now()
        await self._bindings.objects.delete(dimension_key(self._job.run_id))
        end: JsonObject = {
            "status": "complete",
            **{name: report[name] for name in _SHOWN},
            "finished_at": format_instant(now),
        }
        await self._record(**end)
        await self._bindings.watermarks.advance(REFRESHED_AT, now)
        await self._release()
        return StepReport({"run_id": self._job.run_id, **end})

    async def failed(self, failure: Failure) -> None:
        """Say in the run's summary why it failed, and give the tables free."""
        await self._record(
            status="failed",
            workflow=self._workflow,
            finished_at=format_instant(self._bindings.clock.now()),
            reason=failure.detail,
            error={"type": failure.error_type, "detail": failure.detail, "step": failure.step},
        )
        await self._release()
        await self._bindings.objects.delete(dimension_key(self._job.run_id))

    async def _request(self, now: datetime) -> tuple[int, JsonObject]:
        timezone = self._bindings.settings.SHOP_TIMEZONE
        async with self._bindings.databases.open() as db:
            settings = await get_classification(db)
            currency = await shop_currency(db) or _NO_CURRENCY
            dimension = await replicate_dimension(
                db, self._bindings.objects, run_id=self._job.run_id, timezone=timezone
            )
        request = RefreshRequest(
            run_id=self._job.run_id,
            as_of=(self._job.as_of or now).astimezone(ZoneInfo(timezone)).date(),
            timezone=timezone,
            currency=currency,
            spec=settings.spec,
            spec_version=settings.version,
            dimension_key=dimension.key,
            dimension_hash=dimension.hash,
            full=self._job.full,
        )
        return dimension.products, request.model_dump(mode="json")

    async def _skip(self, holder: str, now: datetime) -> JsonObject:
        reason = f"run {holder} writes the measurement tables"
        skipped: JsonObject = {"status": "skipped", "reason": reason, "held_by": holder}
        await self._begin(now, **skipped, finished_at=format_instant(now))
        return skipped

    async def _begin(self, now: datetime, **fields: Json) -> None:
        await self._record(
            workflow=self._workflow,
            requested_by=self._job.requested_by,
            started_at=format_instant(now),
            **fields,
        )

    async def _holder(self) -> str:
        run_id = self._job.run_id
        lease = await self._bindings.watermarks.acquire(LEASE_NAME, run_id, ttl=LEASE)
        return lease.held_by

    async def _release(self) -> None:
        await self._bindings.watermarks.release(LEASE_NAME, self._job.run_id)

    async def _record(self, **fields: Json) -> None:
        await self._bindings.watermarks.record_run({"run_id": self._job.run_id, **fields})


_SHOWN: Final = (
    "mode",
    "reason",
    "touched_days",
    "events_read",
    "skipped_events",
    "products",
    "unknown_products",
    "source_snapshot_id",
    "snapshot_id",
)
"""What a run's summary takes over from the last stage's report."""
