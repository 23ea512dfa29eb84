"""The ports of ingest as the handling of webhooks takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingest.bindings import IngestBindings
from ingest.settlement import settlement
from shared.integrations.shopify.client import ShopifyClient
from shared.webhooks.models import WebhookPorts


@asynccontextmanager
async def shopify_of(bindings: IngestBindings) -> AsyncIterator[ShopifyClient]:
    """Hold a client of the shop for the block."""
    async with bindings.http() as http:
        yield ShopifyClient(http, settings=bindings.settings, clock=bindings.clock)


def webhook_ports(bindings: IngestBindings) -> WebhookPorts:
    """Return what deliveries are dealt with."""
    return WebhookPorts(
        databases=bindings.databases,
        objects=bindings.objects,
        commerce=bindings.commerce,
        settle=settlement(bindings),
        sync=bindings.sync,
        watermarks=bindings.watermarks,
        workflows=bindings.workflows,
        shopify=lambda: shopify_of(bindings),
        settings=bindings.settings,
        clock=bindings.clock,
    )
