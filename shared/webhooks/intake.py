"""Takes a delivery in: verified, queued, answered. Everything else happens behind the queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Final

from shared import limits
from shared.config import Settings
from shared.errors import PayloadTooLarge
from shared.ids import derived_id
from shared.jobs import ShopifyWebhook, job_message
from shared.ports import JsonObject, ObjectStore, Queue
from shared.webhooks.errors import BodyGone, DeliveryMalformed, DeliveryNotAccepted, TopicUnknown
from shared.webhooks.topics import TOPICS
from shared.webhooks.verification import body_digest, check_body_shop, check_shop, check_signature

_LOG: Final = logging.getLogger(__name__)
_ID_LENGTH_MAX: Final = 200


async def take_delivery(
    raw: bytes,
    headers: Mapping[str, str],
    *,
    settings: Settings,
    queue: Queue,
    objects: ObjectStore,
) -> str:
    """Queue one delivery and return its name, the same for every copy of it.

    Whether it is a copy is decided where it is written, never here: a copy of one that failed
    behind the queue must get through.

    Args:
        raw: The body as it came.
        headers: By lower-case name.
        settings: The shop and the secrets.
        queue: Where it waits.
        objects: Where a large body waits.

    Raises:
        DeliveryNotSigned: Nothing else is said of it (401).
        ShopNotAllowed: It is signed, but of another shop (401).
        DeliveryMalformed: It lacks a header or is no JSON object (400).
        TopicUnknown: Nothing is done with its topic (404).
        DeliveryNotAccepted: Shopify must send it again (500).
    """
    check_signature(raw, headers.get("x-shopify-hmac-sha256"), settings)
    shop = check_shop(headers.get("x-shopify-shop-domain"), settings)
    topic = _required(headers, "X-Shopify-Topic")
    webhook_id = _required(headers, "X-Shopify-Webhook-Id")
    body = _json_object(raw)
    check_body_shop(body, shop)
    if topic not in TOPICS:
        raise TopicUnknown(f"topic {topic[:100]!r}")
    job = ShopifyWebhook(
        run_id=delivery_id(shop, topic, webhook_id),
        shop=shop,
        topic=topic,
        webhook_id=webhook_id,
        event_id=headers.get("x-shopify-event-id"),
        api_version=headers.get("x-shopify-api-version"),
    )
    if job.api_version != limits.SHOPIFY_API_VERSION:
        _LOG.warning("a webhook has another API version", extra={"delivery": job.run_id})
    try:
        await _enqueue(job, raw, body, queue=queue, objects=objects)
    except Exception as error:
        _LOG.exception("a webhook was not queued", extra={"delivery": job.run_id})
        raise DeliveryNotAccepted from error
    return job.run_id


def delivery_id(shop: str, topic: str, webhook_id: str) -> str:
    """Return the name of a delivery; each copy of it has the same."""
    return derived_id("whd", shop, topic, webhook_id)


async def body_of(job: ShopifyWebhook, objects: ObjectStore) -> JsonObject:
    """Return the body of a queued delivery.

    Raises:
        BodyGone: It waited longer than such objects are kept.
    """
    if job.body is not None:
        return job.body
    if (raw := await objects.get(job.body_key or "")) is None:
        raise BodyGone(job.body_key or "neither a body nor a key")
    return _json_object(raw)


async def _enqueue(
    job: ShopifyWebhook, raw: bytes, body: JsonObject, *, queue: Queue, objects: ObjectStore
) -> None:
    if len(raw) <= limits.INLINE_BODY_BYTES:
        try:
            await queue.send(job_message(job.model_copy(update={"body": body})))
        except PayloadTooLarge:  # a short body may be long once its characters are escaped
            pass
        else:
            return
    key = f"inbox/{body_digest(raw)}"
    await objects.put(key, raw, content_type="application/json")
    await queue.send(job_message(job.model_copy(update={"body_key": key})))


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name.lower(), "")
    if not value or len(value) > _ID_LENGTH_MAX:
        raise DeliveryMalformed(f"{name} is missing" if not value else f"{name} is too long")
    return value


def _json_object(raw: bytes) -> JsonObject:
    try:
        body = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise DeliveryMalformed("the body is no JSON") from None
    if not isinstance(body, dict):
        raise DeliveryMalformed("the body is no JSON object")
    return body


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
