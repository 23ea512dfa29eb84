"""What Shopify's compliance topics ask for: whose data, and the Workflow that deals with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.clock import format_instant
from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.jobs import RunId, ShopifyWebhook
from shared.ports import Database, JsonObject
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.repository import WebhookDeliveries

WORKFLOW: Final = "shopify-compliance"
Ask = Literal["customers/data_request", "customers/redact", "shop/redact"]


class ComplianceRequest(BaseModel):
    """One request, without anything personal: it is kept with the Workflow's instance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: RunId
    requested_by: str = "shopify"
    topic: Ask
    shop: str
    request_id: str | None = None
    """Shopify's number of a data request."""
    customer_id: str | None = None
    """Ours."""
    email_hash: str | None = None
    order_gids: list[str] = Field(default_factory=list)
    """The orders that the request names."""

    @property
    def artifact_id(self) -> str:
        """Return the id of the request's record."""
        return record_id(self.run_id)


def record_id(run_id: str) -> str:
    """Return the id of the record of the request that a run carries out."""
    return derived_id("mda", run_id)


async def start_compliance(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Start the Workflow of a request; a second copy of the request starts nothing.

    Raises:
        MalformedNode: The request cannot be read.
    """
    request = _request(body, job)
    await ports.workflows.start(WORKFLOW, job.run_id, request.model_dump(mode="json"))
    async with ports.databases.open() as db:
        await WebhookDeliveries(db).record(job, "started", at=ports.clock.now())
    return "started"


async def close_record(
    db: Database, artifact_id: str, status: str, fields: JsonObject, *, at: datetime, by: str
) -> None:
    """Say in a request's record what became of it; what was done stays so."""
    artifacts, kind = Artifacts(db), ArtifactKind.COMPLIANCE_RECORD
    record = await artifacts.get(kind, artifact_id)
    if record is None or (record.status == "complete" and status != "complete"):
        return
    await artifacts.update(
        kind,
        record.id,
        expected_version=record.version,
        at=at,
        by=by,
        payload={**record.payload, **fields, "finished_at": format_instant(at)},
        status=status,
    )


@guarded
def _request(body: JsonObject, job: ShopifyWebhook) -> ComplianceRequest:
    customer = body.get("customer") or {}
    asked = body.get("data_request") or {}
    orders: Iterable[int | str] = body.get("orders_requested") or body.get("orders_to_redact") or ()
    customer_gid = v.gid_of("Customer", customer.get("id"))
    return ComplianceRequest.model_validate(
        {
            "run_id": job.run_id,
            "topic": job.topic,
            "shop": job.shop,
            "request_id": None if asked.get("id") is None else str(asked["id"]),
            "customer_id": customer_gid and v.known_id("cus", customer_gid),
            "email_hash": v.email_hash(customer.get("email")),
            "order_gids": [gid for order in orders if (gid := v.gid_of("Order", order))],
        }
    )
