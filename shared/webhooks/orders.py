"""What deliveries say of orders: which order each is about, that one is deleted, what to stream."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import rest_orders
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.jobs import ShopifyWebhook
from shared.orders.enrichment import stream_pending
from shared.orders.marks_repository import OrderMarks
from shared.ports import JsonObject
from shared.transactions import in_transaction
from shared.webhooks.judgement import order_claim
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.order_parts import order_gid_of, return_gid_of
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.told import Told

_PAGE: Final = 50
_ORDER_OF_RETURN: Final = (
    "query OrderOfReturn($id: ID!) { node(id: $id) { ... on Return { order { id } } } }"
)


def told_whole(job: ShopifyWebhook, body: JsonObject) -> tuple[str, Told]:
    """Return which order a body holds, and what it says of it.

    Raises:
        MalformedNode: The body cannot be read; trying again cannot help.
    """
    parts = rest_orders.order_parts(body)
    claim = order_claim(parts, is_birth=job.topic == "orders/create")
    return parts.header.shopify_gid, Told(job, body, parts, claim)


async def told_of_part(
    job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts
) -> tuple[str, Told] | None:
    """Return which order a body is about a part of, or None where that order is gone.

    Raises:
        MalformedNode: The body cannot be read; trying again cannot help.
    """
    gid = order_gid_of(body) or await _order_of_return(return_gid_of(body), ports)
    return None if gid is None else (gid, Told(job, body))


async def note_gone(job: ShopifyWebhook, ports: WebhookPorts) -> Outcome:
    """Note a delivery about an order that is not there any more."""
    async with ports.databases.open() as db:
        new = await WebhookDeliveries(db).record(job, "gone", at=ports.clock.now())
    return "gone" if new else "duplicate"


async def delete_order(job: ShopifyWebhook, body: JsonObject, ports: WebhookPorts) -> Outcome:
    """Note that an order is deleted, also if its creation is still on the way."""
    gid = _order_gid(body)

    async def write() -> Outcome:
        await OrderMarks(db).delete(gid, ports.clock.now())
        deliveries, subject = WebhookDeliveries(db), derived_id("ord", gid)
        new = await deliveries.record(job, "written", at=ports.clock.now(), subject=subject)
        return "written" if new else "duplicate"

    async with ports.databases.open() as db:
        return await in_transaction(db, write)


async def stream_orders(deliveries: AbstractSet[str], ports: WebhookPorts) -> None:
    """Stream what these deliveries wrote, also what an earlier attempt did not come to stream."""
    after: str | None = None
    while True:
        page = await stream_pending(
            ports.databases,
            ports.commerce,
            settle=ports.settle,
            written_by=deliveries,
            after=after,
            limit=_PAGE,
        )
        if (after := page.cursor) is None:
            return


@guarded
def _order_gid(body: JsonObject) -> str:
    return v.rest_gid("Order", body)


async def _order_of_return(return_gid: str, ports: WebhookPorts) -> str | None:
    """Return the order of a return whose body does not name it."""
    async with ports.databases.open() as db:
        known = await WebhookDeliveries(db).order_of_return(return_gid)
    if known is not None:
        return known
    async with ports.shopify() as client:
        node = (await client.query(_ORDER_OF_RETURN, {"id": return_gid})).get("node")
    return v.plain_gid(node["order"]["id"]) if node and node.get("order") else None
