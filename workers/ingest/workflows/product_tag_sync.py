"""The Product Tag Sync Workflow: tags, vendor and status of every product, and what is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.bulk_sync_steps import BulkSyncSteps
from ingest.workflows.shopify_bulk_sync import BulkRun
from shared.clock import format_instant, parse_instant
from shared.integrations.shopify import queries
from shared.integrations.shopify.client import ShopifyClient
from shared.jobs import ProductTagSync, ShopifyBulkSyncStart
from shared.ports import Json, JsonObject, Step
from shared.sync.audit import AuditedStep, StepReport, run_audited
from shared.sync.load import Load
from shared.sync.tag_load import TagLoad
from shared.sync.windows import Window

WORKFLOW: Final = "product-tag-sync"


async def product_tag_sync(step: Step, payload: JsonObject, bindings: IngestBindings) -> Json:
    """Read every product once; one run at a time, and none beside a sync of products.

    Args:
        step: The journal of this run.
        payload: A `ProductTagSync` without its type.
        bindings: The ports of ingest.
    """
    job = ProductTagSync.model_validate(payload)
    steps = _Steps(job, bindings)

    async def body(audited: AuditedStep) -> Json:
        return await BulkRun(audited, steps).run()

    return await run_audited(
        step,
        stream=bindings.sync,
        clock=bindings.clock,
        workflow=WORKFLOW,
        run_id=job.run_id,
        body=body,
        on_failure=steps.failed,
    )


class _Steps(BulkSyncSteps):
    """The steps of a bulk sync, over all products and without a watermark."""

    def __init__(self, job: ProductTagSync, bindings: IngestBindings) -> None:
        sync = ShopifyBulkSyncStart(
            run_id=job.run_id, object="products", requested_by=job.requested_by
        )
        super().__init__(sync, bindings, workflow=WORKFLOW)

    async def window_at(self, now: datetime) -> Window:
        """Return a window without a lower bound that matters: Shopify is younger."""
        until = now.replace(microsecond=0)
        return Window(until.replace(year=2000, month=1, day=1), until)

    async def finish(self, start: JsonObject) -> StepReport:
        """Give the object free; no watermark moves, for only roots were read."""
        del start
        end: JsonObject = {"status": "complete"}
        await self._record(
            **end, step="finish", finished_at=format_instant(self._bindings.clock.now())
        )
        await self._bindings.watermarks.release(self.lease_name, self._job.run_id)
        return StepReport({**end, "run_id": self._job.run_id})

    def _query(self, start: JsonObject, part: str) -> str:
        del part
        return queries.product_roots_bulk(parse_instant(start["until"]))

    def _load(self, client: ShopifyClient) -> Load:
        b = self._bindings
        return TagLoad(
            b.databases, b.objects, client, run_id=self._job.run_id, clock=b.clock, loads=b.loads
        )
