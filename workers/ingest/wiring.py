"""The Cloudflare adapters behind ingest's ports, and what its queue consumer and crons do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ingest.bindings import IngestBindings
from ingest.queue import DONE, consume, store_dead_letter
from ingest.scheduled import fire
from ingest.workflows import WORKFLOWS
from shared.adapters.cloudflare import database, http, measurement, object_store, queue, workflows
from shared.adapters.cloudflare.settings import Bindings, settings_of
from shared.adapters.cloudflare.stream import stream_of
from shared.adapters.cloudflare.watermarks import DurableWatermarks
from shared.clock import SystemClock

_DEAD_LETTERS = "ingest-dlq"


def bindings_of(bound: Any) -> IngestBindings:
    """Return the ports for one request, batch or step.

    Raises:
        BindingMissing: The Worker is deployed without a binding; the line names it.
        SettingsInvalid: A variable or secret is not as it should be.
    """
    env = Bindings(bound)
    settings = settings_of(env)
    objects = object_store.R2ObjectStore(env.R2_BUCKET)
    started = {name: getattr(env, workflows.binding_name(name)) for name in WORKFLOWS}
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
        workflows=workflows.CloudflareWorkflows(started),
        measurement=measurement.measurement(settings, getattr(env, "MEASUREMENT", None), objects),
        http=http.outside,
        settings=settings,
        clock=SystemClock(),
    )


async def take_batch(batch: Any, held: IngestBindings) -> None:
    """Take a batch of either queue."""

    async def bury(message: queue.Delivery) -> queue.Outcome:
        await store_dead_letter(
            message.body, message_id=message.id, at=message.sent_at, bindings=held
        )
        return DONE

    if batch.queue.startswith(_DEAD_LETTERS):
        await queue.deliver(batch, bury)
    else:
        await queue.deliver_together(batch, lambda messages: consume(messages, held))


async def fire_cron(controller: Any, held: IngestBindings) -> None:
    """Start what belongs to the cron of a controller, for the minute that it was due."""
    at = datetime.fromtimestamp(controller.scheduledTime / 1000, UTC)
    await fire(controller.cron, at, held)
