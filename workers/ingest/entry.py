"""ingest on Cloudflare: its classes, and the adapters behind its ports."""

from datetime import UTC, datetime
from typing import Any

from ingest.app import internal_app
from ingest.bindings import IngestBindings
from ingest.public_app import public_app
from ingest.queue import DONE, consume, store_dead_letter
from ingest.scheduled import fire
from ingest.workflows import WORKFLOWS
from shared.adapters.cloudflare import database, http, measurement, object_store, queue, workflows
from shared.adapters.cloudflare.measurement import MeasurementContainer
from shared.adapters.cloudflare.settings import Bindings, settings_of
from shared.adapters.cloudflare.stream import stream_of
from shared.adapters.cloudflare.watermarks import DurableWatermarks, WatermarkDO
from shared.clock import SystemClock
from shared.ports import Json
from workers import WorkerEntrypoint, WorkflowEntrypoint, asgi

__all__ = [
    "AssetHealthCheck",
    "AssetIngest",
    "Backfill",
    "ComboImport",
    "CsvExport",
    "Default",
    "Internal",
    "MeasurementContainer",
    "MeasurementRefresh",
    "ProductTagSync",
    "ShopifyBulkSync",
    "ShopifyCompliance",
    "SuggestionGeneration",
    "WatermarkDO",
    "WebhookAudit",
]


def _bindings(bound: Any) -> IngestBindings:
    env = Bindings(bound)
    settings = settings_of(env)
    objects = object_store.R2ObjectStore(env.R2_BUCKET)
    return IngestBindings(
        databases=database.HyperdriveDatabases(env.HYPERDRIVE),
        objects=objects,
        assets=object_store.R2ObjectStore(env.R2_ASSETS),
        queue=queue.CloudflareQueue(env.INGEST_QUEUE),
        dead_letters=queue.CloudflareQueue(env.INGEST_DLQ),
        commerce=stream_of(env.COMMERCE_TELEMETRY, "commerce", settings),
        publication=stream_of(env.PUBLICATION_TELEMETRY, "publication", settings),
        sync=stream_of(env.SYNC_TELEMETRY, "sync", settings),
        watermarks=DurableWatermarks(env.WATERMARK_DO),
        workflows=workflows.CloudflareWorkflows(
            {
                "shopify-bulk-sync": env.SHOPIFY_BULK_SYNC,
                "measurement-refresh": env.MEASUREMENT_REFRESH,
                "csv-export": env.CSV_EXPORT,
                "combo-import": env.COMBO_IMPORT,
                "suggestion-generation": env.SUGGESTION_GENERATION,
                "product-tag-sync": env.PRODUCT_TAG_SYNC,
                "backfill": env.BACKFILL,
                "asset-ingest": env.ASSET_INGEST,
                "asset-health-check": env.ASSET_HEALTH_CHECK,
                "webhook-audit": env.WEBHOOK_AUDIT,
                "shopify-compliance": env.SHOPIFY_COMPLIANCE,
            }
        ),
        measurement=measurement.measurement(settings, getattr(env, "MEASUREMENT", None), objects),
        http=http.outside,
        settings=settings,
        clock=SystemClock(),
    )


_INTERNAL = internal_app(lambda request: _bindings(request.scope["env"]))
_PUBLIC = public_app(lambda request: _bindings(request.scope["env"]))


async def _bury(message: queue.Delivery, held: IngestBindings) -> queue.Outcome:
    await store_dead_letter(message.body, message_id=message.id, at=message.sent_at, bindings=held)
    return DONE


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await asgi.fetch(_PUBLIC, request, self.env, self.ctx)

    async def queue(self, batch: Any, _env: Any = None, _ctx: Any = None) -> None:
        """Take a batch of either queue."""
        held = _bindings(self.env)
        if batch.queue.startswith("ingest-dlq"):
            await queue.deliver(batch, lambda message: _bury(message, held))
        else:
            await queue.deliver_together(batch, lambda messages: consume(messages, held))

    async def scheduled(self, controller: Any, _env: Any = None, _ctx: Any = None) -> None:
        """Start what belongs to a cron."""
        at = datetime.fromtimestamp(controller.scheduledTime / 1000, UTC)
        await fire(controller.cron, at, _bindings(self.env))


class Internal(WorkerEntrypoint):  # type: ignore[misc]
    """What the other Workers call."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await asgi.fetch(_INTERNAL, request, self.env, self.ctx)


class ShopifyBulkSync(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["shopify-bulk-sync"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class MeasurementRefresh(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["measurement-refresh"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class CsvExport(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["csv-export"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class ComboImport(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["combo-import"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class SuggestionGeneration(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["suggestion-generation"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class ProductTagSync(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["product-tag-sync"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class Backfill(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["backfill"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class WebhookAudit(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["webhook-audit"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class ShopifyCompliance(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["shopify-compliance"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class AssetIngest(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["asset-ingest"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))


class AssetHealthCheck(WorkflowEntrypoint):  # type: ignore[misc]
    """The Workflow of that name."""

    async def run(self, event: Any, step: Any) -> Json:
        """Run an instance."""
        definition = WORKFLOWS["asset-health-check"]
        return await workflows.run_workflow(definition, event, step, _bindings(self.env))
