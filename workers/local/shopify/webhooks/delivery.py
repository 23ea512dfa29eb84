"""Delivers webhooks: signed raw bytes, five seconds to answer, eight retries over four hours."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import orjson

from local.shopify.faults import Fault, Faults
from local.shopify.generate.randomness import stream
from local.shopify.instants import utc_text
from local.shopify.options import EmulatorOptions
from local.shopify.store import Store
from local.shopify.webhooks.subscriptions import Subscription, Subscriptions
from shared.ports import JsonObject

RETRY_SPAN_SECONDS = 4 * 3_600
_SHUFFLE_SECONDS = 0.2


def signature(secret: str, body: bytes) -> str:
    """Return base64(HMAC-SHA256(secret, raw bytes))."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def retry_delays(retries: int, scale: float) -> list[float]:
    """Return the pauses before each retry: they double, and add up to four hours times scale."""
    parts = 2**retries - 1
    return [RETRY_SPAN_SECONDS * scale * 2**n / parts for n in range(retries)]


@dataclass(slots=True)
class Delivery:
    """One message to one address; retries repeat its bytes and headers."""

    uri: str
    topic: str
    body: bytes
    headers: dict[str, str]
    subscription: Subscription | None
    statuses: list[int | None] = field(default_factory=list)
    """What each attempt was answered; None is no answer in time."""

    @property
    def webhook_id(self) -> str:
        """The identity of the delivery, the same on every retry."""
        return self.headers["X-Shopify-Webhook-Id"]

    @property
    def is_delivered(self) -> bool:
        """Whether an attempt was answered with 2xx."""
        return bool(self.statuses) and 200 <= (self.statuses[-1] or 0) < 300


class Deliveries:
    """Sends what happens in the shop to whoever subscribed."""

    def __init__(self, store: Store, options: EmulatorOptions, faults: Faults) -> None:
        self._store, self._options, self._faults = store, options, faults
        self.subscriptions = Subscriptions(store, options.api_version)
        self.log: list[Delivery] = []
        self.muted = False
        """While it is set nobody is told of what happens: an app that was not subscribed."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._events = 0
        seed = options.webhook_shuffle_seed
        self._shuffle = None if seed is None else stream(seed, 81, 0)

    def start(self) -> None:
        """Take the running loop as the one that sends."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Stop sending."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if self._client is not None:
            await self._client.aclose()

    def emit(self, topic: str, body: JsonObject, *, event: str | None = None) -> str:
        """Send a message to every subscriber of a topic such as `orders/create`.

        Args:
            topic: Owner and verb, with a slash.
            body: What happened, as REST has it.
            event: The id of the merchant's action when it causes several messages.

        Returns:
            The id of the action.
        """
        event = event or self.new_event()
        for subscription in () if self.muted else self.subscriptions.matching(topic):
            keys = subscription.include_fields
            seen = {key: body[key] for key in keys if key in body} if keys else body
            self.send(topic, seen, subscription.uri, event=event, subscription=subscription)
        return event

    def new_event(self) -> str:
        """Return the id of a new action."""
        self._events += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._store.shop.domain}/{self._events}"))

    def send(
        self,
        topic: str,
        body: JsonObject,
        uri: str,
        *,
        event: str | None = None,
        subscription: Subscription | None = None,
    ) -> Delivery:
        """Send a message to one address, subscribed or not (compliance topics are not)."""
        raw = orjson.dumps(body)
        secret = self._options.webhook_secret
        if self._faults.take(Fault.WEBHOOK_BAD_SIGNATURE):
            secret += "-another"
        delivery = Delivery(uri, topic, raw, {}, subscription)
        delivery.headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(secret, raw),
            "X-Shopify-Shop-Domain": self._store.shop.domain,
            "X-Shopify-API-Version": self.subscriptions.app.api_version,
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": event or self.new_event(),
            "X-Shopify-Triggered-At": utc_text(self._store.now()) or "",
        }
        if subscription and subscription.name:
            delivery.headers["X-Shopify-Name"] = subscription.name
        self.log.append(delivery)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin, delivery)
        return delivery

    def _begin(self, delivery: Delivery) -> None:
        copies = 2 if self._faults.take(Fault.WEBHOOK_DUPLICATED) else 1
        for _ in range(copies):
            task = asyncio.get_running_loop().create_task(self._deliver(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        delays = retry_delays(self._options.webhook_retries, self._options.webhook_retry_scale)
        if self._shuffle is not None:
            await asyncio.sleep(self._shuffle.random() * _SHUFFLE_SECONDS)
        if self._faults.take(Fault.WEBHOOK_DELAYED):
            await asyncio.sleep(delays[0])
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._options.webhook_timeout_seconds)
        for pause in (0.0, *delays):
            await asyncio.sleep(pause)
            if await self._attempt(self._client, delivery):
                return

    async def _attempt(self, client: httpx.AsyncClient, delivery: Delivery) -> bool:
        try:
            reply = await client.post(delivery.uri, content=delivery.body, headers=delivery.headers)
            delivery.statuses.append(reply.status_code)
        except httpx.HTTPError:
            delivery.statuses.append(None)
        subscription = delivery.subscription
        if subscription is not None:
            subscription.failures = 0 if delivery.is_delivered else subscription.failures + 1
            if subscription.failures > self._options.webhook_retries:
                self.subscriptions.remove(subscription)
        return delivery.is_delivered
