"""Deals with one queued delivery: writes what it is about, once, and streams what follows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from shared.jobs import ShopifyWebhook
from shared.ports import JsonObject
from shared.webhooks.app_notices import note_app, note_operation
from shared.webhooks.compliance import start_compliance
from shared.webhooks.errors import TopicUnknown
from shared.webhooks.intake import body_of
from shared.webhooks.models import Outcome, WebhookPorts
from shared.webhooks.orders import delete_order, stream_order, write_order, write_order_of_part
from shared.webhooks.products import delete_product, write_product
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.topics import TOPICS, Kind

_LOG: Final = logging.getLogger(__name__)
_Act = Callable[[ShopifyWebhook, JsonObject, WebhookPorts], Awaitable[Outcome]]
_ACTS: Final[Mapping[Kind, _Act]] = {
    "order": write_order,
    "order-part": write_order_of_part,
    "order-deleted": delete_order,
    "product": write_product,
    "product-deleted": delete_product,
    "operation": note_operation,
    "app": note_app,
    "compliance": start_compliance,
}
_STREAMED: Final = frozenset({"order", "order-part"})


async def handle_webhook(job: ShopifyWebhook, ports: WebhookPorts) -> Outcome:
    """Deal with a delivery; a second copy, or a second attempt, changes nothing more.

    What an attempt wrote and did not come to stream is streamed by the next one: the mark of the
    outbox bears the delivery's name.

    Raises:
        TopicUnknown: No topic of ours; trying again cannot help.
        MalformedNode: The body cannot be read; trying again cannot help.
        Unavailable: Try again.
    """
    if (topic := TOPICS.get(job.topic)) is None:
        raise TopicUnknown(job.topic)
    outcome: Outcome = "duplicate"
    if not await _is_known(job, ports):
        outcome = await _ACTS[topic.kind](job, await body_of(job, ports.objects), ports)
    if topic.kind in _STREAMED:
        await stream_order(job, ports)
    _LOG.info("webhook", extra={"delivery": job.run_id, "topic": job.topic, "outcome": outcome})
    return outcome


async def _is_known(job: ShopifyWebhook, ports: WebhookPorts) -> bool:
    async with ports.databases.open() as db:
        return await WebhookDeliveries(db).knows(job.run_id)
