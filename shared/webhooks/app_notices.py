"""Notes what Shopify says of the app itself: uninstalled, other scopes, a bulk operation ended."""

from __future__ import annotations

from typing import Final

from shared.clock import format_instant
from shared.ids import derived_id
from shared.jobs import ShopifyWebhook
from shared.ports import JsonObject
from shared.telemetry import SyncEvent
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.repository import WebhookDeliveries

WORKFLOW: Final = "shopify-webhook"
"""The name under which such notices stand among the runs."""
UNINSTALLED: Final = "the app was uninstalled: its access token no longer works"


async def note_operation(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Note that a bulk operation ended: its run polls all the same, for this may never come."""
    del body
    async with ports.databases.open() as db:
        await WebhookDeliveries(db).record(job, "noted", at=ports.clock.now())
    return "noted"


async def note_app(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Put into the runs and the trail what changed about the app, and what that means."""
    reason = UNINSTALLED if job.topic == "app/uninstalled" else _lost_scopes(body)
    now = ports.clock.now()
    at = format_instant(now)
    summary: JsonObject = {
        "run_id": job.run_id,
        "workflow": WORKFLOW,
        "object": job.topic,
        "requested_by": job.requested_by,
        "status": "failed" if reason else "complete",
        "started_at": at,
        "finished_at": at,
    }
    if reason:
        summary["reason"] = reason
    event = SyncEvent(
        event_id=derived_id("evt", job.run_id, job.topic),
        event_type="run_failed" if reason else "run_completed",
        occurred_at=now,
        source_version_at=now,
        workflow=WORKFLOW,
        run_id=job.run_id,
        step=job.topic,
        started_at=now,
        duration_ms=0,
        error_detail=reason,
    )
    await ports.watermarks.record_run(summary)
    await ports.sync.send([event.model_dump(mode="json")])
    async with ports.databases.open() as db:
        await WebhookDeliveries(db).record(job, "noted", at=now)
    return "noted"


def _lost_scopes(body: JsonObject) -> str | None:
    """Return which scopes the app no longer has, or None."""
    lost = sorted(set(_listed(body, "previous")) - set(_listed(body, "current")))
    return f"the app lost the scopes {', '.join(lost)}" if lost else None


def _listed(body: JsonObject, name: str) -> list[str]:
    found = body.get(name)
    if isinstance(found, str):
        return found.split(",")
    return [str(item) for item in found] if isinstance(found, list) else []
