"""Writes products that deliveries are about: from the body, or read where it is not enough."""

from __future__ import annotations

from shared.ids import derived_id
from shared.integrations.shopify import rest_products
from shared.integrations.shopify import values as v
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.errors import AccessDenied
from shared.integrations.shopify.reads import read_product
from shared.integrations.shopify.trace import guarded
from shared.jobs import ShopifyWebhook
from shared.ports import Database, JsonObject
from shared.products.models import ProductParts
from shared.products.repository import ProductWrites
from shared.transactions import in_transaction
from shared.webhooks.judgement import judge, product_claim, product_digest
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.repository import WebhookDeliveries


async def write_product(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Write the product that a body holds.

    Raises:
        MalformedNode: The body cannot be read; trying again cannot help.
    """
    parts = rest_products.product_parts(body)
    async with ports.databases.open() as db:
        outcome = await in_transaction(db, lambda: _write_claim(db, job, parts, ports))
    if outcome is None:
        return await _read_and_write(job, parts.product.shopify_gid, ports)
    return outcome


async def delete_product(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Note that a product is deleted, also if its creation is still on the way."""
    gid = _product_gid(body)

    async def write() -> Outcome:
        deliveries, now = WebhookDeliveries(db), ports.clock.now()
        await ProductWrites(db).mark_deleted(gid, now, written_by=job.run_id)
        new = await deliveries.record(job, "written", at=now, subject=derived_id("prd", gid))
        return "written" if new else "duplicate"

    async with ports.databases.open() as db:
        return await in_transaction(db, write)


@guarded
def _product_gid(body: JsonObject) -> str:
    return v.rest_gid("Product", body)


async def _write_claim(
    db: Database, job: ShopifyWebhook, parts: ProductParts, ports: WebhookPorts
) -> Outcome | None:
    """Write the body if it is to be written; None if the product is to be read instead."""
    deliveries = WebhookDeliveries(db)
    claim = product_claim(parts, is_birth=job.topic == "products/create")
    product_id = parts.product.id
    verdict = judge(claim, await deliveries.lock_product(product_id))
    if verdict == "read":
        return None
    outcome: Outcome = "written" if verdict == "write" else verdict
    now = ports.clock.now()
    if not await deliveries.record(job, outcome, at=now, subject=product_id, digest=claim.digest):
        return "duplicate"
    if verdict == "write":
        await ProductWrites(db).write_whole(parts, written_by=job.run_id, sparse=True)
    return outcome


async def _read_and_write(job: ShopifyWebhook, gid: str, ports: WebhookPorts) -> Outcome:
    """Read the product and write it; a newer state that was written meanwhile holds all of it."""
    async with ports.shopify() as client:
        parts = await _read(client, gid)

    async def write() -> Outcome:
        deliveries, now = WebhookDeliveries(db), ports.clock.now()
        if parts is None:
            new = await deliveries.record(job, "gone", at=now, subject=derived_id("prd", gid))
            return "gone" if new else "duplicate"
        await deliveries.lock_product(parts.product.id)
        digest, subject = product_digest(parts), parts.product.id
        if not await deliveries.record(job, "written", at=now, subject=subject, digest=digest):
            return "duplicate"
        await ProductWrites(db).write_whole(parts, written_by=job.run_id)
        return "written"

    async with ports.databases.open() as db:
        return await in_transaction(db, write)


async def _read(client: ShopifyClient, gid: str) -> ProductParts | None:
    try:
        return await read_product(client, gid)
    except AccessDenied:
        return await read_product(client, gid, scopes=await client.access_scopes())
