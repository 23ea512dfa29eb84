"""Writes orders that deliveries are about: from the body where it is the whole order, else read."""

from __future__ import annotations

from functools import partial
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import rest_orders
from shared.integrations.shopify import values as v
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.errors import AccessDenied
from shared.integrations.shopify.graphql_whole_orders import WholeOrder
from shared.integrations.shopify.reads import read_whole_order
from shared.integrations.shopify.trace import guarded
from shared.jobs import ShopifyWebhook
from shared.orders.enrichment import stream_pending
from shared.orders.marks_repository import OrderMarks
from shared.orders.models import OrderParts
from shared.orders.repository import OrderWrites
from shared.ports import Database, JsonObject
from shared.transactions import in_transaction
from shared.webhooks.errors import OrderKeepsChanging
from shared.webhooks.judgement import Claim, judge, order_claim, order_digest
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.order_parts import is_known, order_gid_of, return_gid_of
from shared.webhooks.repository import WebhookDeliveries

_READS_MAX: Final = 3
_PAGE: Final = 50
_ORDER_OF_RETURN: Final = (
    "query OrderOfReturn($id: ID!) { node(id: $id) { ... on Return { order { id } } } }"
)


async def write_order(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Write the order that a body holds.

    Raises:
        MalformedNode: The body cannot be read; trying again cannot help.
    """
    parts = rest_orders.order_parts(body)
    claim = order_claim(parts, is_birth=job.topic == "orders/create")
    async with ports.databases.open() as db:
        outcome = await in_transaction(db, lambda: _write_claim(db, job, parts, claim, ports))
    if outcome is None:
        return await _read_and_write(job, parts.header.shopify_gid, ports)
    return outcome


async def write_order_of_part(
    job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts
) -> Outcome:
    """Bring the order up to date that a part of it is reported of."""
    gid = order_gid_of(body) or await _order_of_return(return_gid_of(body), ports)
    if gid is None:
        async with ports.databases.open() as db:
            return await _noted(db, job, "gone", None, ports)
    async with ports.databases.open() as db:
        if await is_known(job.topic, body, db):
            return await _noted(db, job, "known", gid, ports)
    return await _read_and_write(job, gid, ports)


async def delete_order(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Note that an order is deleted, also if its creation is still on the way."""
    gid = _order_gid(body)

    async def write() -> Outcome:
        await OrderMarks(db).delete(gid, ports.clock.now())
        return await _noted(db, job, "written", gid, ports)

    async with ports.databases.open() as db:
        return await in_transaction(db, write)


async def stream_order(job: ShopifyWebhook, ports: WebhookPorts) -> None:
    """Stream what the delivery wrote and what an earlier attempt at it did not come to stream."""
    after: str | None = None
    while True:
        page = await stream_pending(
            ports.databases,
            ports.commerce,
            settle=ports.settle,
            written_by=job.run_id,
            after=after,
            limit=_PAGE,
        )
        if (after := page.cursor) is None:
            return


@guarded
def _order_gid(body: JsonObject) -> str:
    return v.rest_gid("Order", body)


async def _write_claim(
    db: Database, job: ShopifyWebhook, parts: OrderParts, claim: Claim, ports: WebhookPorts
) -> Outcome | None:
    """Write the body if it is to be written; None if the order is to be read instead."""
    deliveries = WebhookDeliveries(db)
    order_id = parts.header.id
    verdict = judge(claim, await deliveries.lock_order(order_id))
    if verdict == "read":
        return None
    outcome: Outcome = "written" if verdict == "write" else verdict
    now = ports.clock.now()
    if not await deliveries.record(job, outcome, at=now, subject=order_id, digest=claim.digest):
        return "duplicate"
    if verdict == "write":
        writes = OrderWrites(db, timezone=ports.settings.SHOP_TIMEZONE)
        await writes.write_whole(parts, written_by=job.run_id, sparse=True)
    return outcome


async def _read_and_write(job: ShopifyWebhook, gid: str, ports: WebhookPorts) -> Outcome:
    """Read the whole order and write it; read it again if a newer state was written meanwhile.

    The newer one may be of a body, and a body does not hold what made this delivery.
    """
    for _ in range(_READS_MAX):
        async with ports.shopify() as client:
            whole = await _read(client, gid)
        async with ports.databases.open() as db:
            if whole is None:
                return await _noted(db, job, "gone", gid, ports)
            outcome = await in_transaction(db, partial(_write_read, db, job, whole, ports))
        if outcome is not None:
            return outcome
    raise OrderKeepsChanging(gid)


async def _write_read(
    db: Database, job: ShopifyWebhook, whole: WholeOrder, ports: WebhookPorts
) -> Outcome | None:
    deliveries, parts = WebhookDeliveries(db), whole.parts
    await deliveries.lock_order(parts.header.id)
    if await deliveries.knows(job.run_id):
        return "duplicate"
    writes = OrderWrites(db, timezone=ports.settings.SHOP_TIMEZONE)
    if not await writes.write_whole(parts, written_by=job.run_id, additions=whole.additions):
        return None
    digest, now = order_digest(parts), ports.clock.now()
    await deliveries.record(job, "written", at=now, subject=parts.header.id, digest=digest)
    return "written"


async def _read(client: ShopifyClient, gid: str) -> WholeOrder | None:
    """Read an order; what the app may not read is left out, and only then asked about."""
    try:
        return await read_whole_order(client, gid)
    except AccessDenied:
        scopes, customer_data = await client.access_scopes(), await client.reads_customer_data()
    return await read_whole_order(client, gid, scopes=scopes, customer_data=customer_data)


async def _order_of_return(return_gid: str, ports: WebhookPorts) -> str | None:
    """Return the order of a return whose body does not name it."""
    async with ports.databases.open() as db:
        known = await WebhookDeliveries(db).order_of_return(return_gid)
    if known is not None:
        return known
    async with ports.shopify() as client:
        node = (await client.query(_ORDER_OF_RETURN, {"id": return_gid})).get("node")
    return v.plain_gid(node["order"]["id"]) if node and node.get("order") else None


async def _noted(
    db: Database, job: ShopifyWebhook, outcome: Outcome, gid: str | None, ports: WebhookPorts
) -> Outcome:
    subject = derived_id("ord", gid) if gid else None
    deliveries = WebhookDeliveries(db)
    new = await deliveries.record(job, outcome, at=ports.clock.now(), subject=subject)
    return outcome if new else "duplicate"
