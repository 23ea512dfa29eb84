"""What Shopify reaches of ingest, served on a port of this machine, and the shop pointed to it."""

from __future__ import annotations

from ingest.bindings import IngestBindings
from ingest.webhooks import shopify_of

from shared.errors import SettingsInvalid
from shared.ports import JsonObject
from shared.webhooks.subscriptions import (
    as_documents,
    audit_subscriptions,
    is_right,
    webhook_address,
)

MEND = "create"
LOOK = "audit"


async def audit_webhooks(ingest: IngestBindings, action: str) -> JsonObject:
    """Look at the webhook subscriptions, and mend them if the action is `create`.

    Raises:
        SettingsInvalid: Nobody knows where deliveries are to go.
    """
    if ingest.settings.INGEST_URL is None:
        raise SettingsInvalid("INGEST_URL is required")
    address = webhook_address(ingest.settings.INGEST_URL)
    async with shopify_of(ingest) as client:
        findings = await audit_subscriptions(client, address, mend=action == MEND)
    right = is_right([finding for finding in findings if finding.state != "not granted"])
    return {"address": address, "is_right": right, "findings": as_documents(findings)}
