"""Sends one GraphQL document to the shop, as often as it takes and no more often than allowed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from shared.clock import Clock
from shared.config import Settings
from shared.integrations.shopify.errors import (
    AccessTokenRefused,
    ReplyMalformed,
    ShopUnavailable,
    Throttled,
)
from shared.integrations.shopify.replies import TokenRefused, data_of, read_body, read_status
from shared.integrations.shopify.throttle import (
    RETRY_LIMIT,
    WAIT_MAX,
    LeakyBucket,
    backoff_seconds,
)
from shared.integrations.shopify.tokens import AccessTokens
from shared.limits import SHOPIFY_API_VERSION
from shared.ports import JsonObject

Sleep = Callable[[float], Awaitable[None]]
_LOG = logging.getLogger(__name__)
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_TOKENS_TRIED_MAX: Final = 3
"""The permanent token, a granted one that ended early, a fresh one."""
_COSTS_KEPT: Final = 100


class GraphQLEndpoint:
    """The shop's Admin API: token, throttle, retries and the checks of every reply."""

    def __init__(
        self, http: httpx.AsyncClient, *, settings: Settings, clock: Clock, sleep: Sleep
    ) -> None:
        self._http, self._settings, self._clock, self._sleep = http, settings, clock, sleep
        self._url = f"{settings.shopify_url}/admin/api/{SHOPIFY_API_VERSION}/graphql.json"
        self._tokens = AccessTokens(http, settings=settings, clock=clock)
        self._bucket = LeakyBucket()
        self._turn = asyncio.Lock()
        self._costs: dict[bytes, float] = {}

    async def send(self, document: str, variables: JsonObject | None = None) -> JsonObject:
        """Return the reply's data.

        Raises:
            DomainError: One of `errors`; those that can pass were tried `RETRY_LIMIT` times.
        """
        failure: Throttled | ShopUnavailable | ReplyMalformed
        for attempt in range(RETRY_LIMIT):
            try:
                return await self._send_with_token(document, variables or {})
            except Throttled as error:
                failure, wait = error, error.wait
            except (ShopUnavailable, ReplyMalformed) as error:
                failure, wait = error, None
            if attempt + 1 < RETRY_LIMIT:
                _LOG.info(
                    "shopify request is tried again",
                    extra={"attempt": attempt + 1, "reason": type(failure).__name__},
                )
                await self._sleep(min(max(wait or backoff_seconds(attempt), 0.05), WAIT_MAX))
        raise failure

    async def _send_with_token(self, document: str, variables: JsonObject) -> JsonObject:
        for _ in range(_TOKENS_TRIED_MAX):
            token = await self._tokens.current()
            try:
                return await self._send_once(document, variables, token)
            except TokenRefused:
                self._tokens.refuse(token)
        raise AccessTokenRefused("Shopify refuses also a freshly granted token")

    async def _send_once(self, document: str, variables: JsonObject, token: str) -> JsonObject:
        key = hashlib.sha256(document.encode()).digest()
        await self._wait_for_turn(self._costs.get(key, 0.0))
        try:
            reply = await self._http.post(
                self._url,
                json={"query": document, "variables": variables},
                headers={"X-Shopify-Access-Token": token, "Accept": "application/json"},
                timeout=_TIMEOUT,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            raise ShopUnavailable(f"the request failed ({type(error).__name__})") from error
        read_status(reply, shop=self._settings.SHOP_DOMAIN, clock=self._clock)
        body = read_body(reply)
        self._learn(key, body)
        return data_of(body)

    async def _wait_for_turn(self, requested: float) -> None:
        """Wait until the bucket holds the cost; requests beside this one queue up behind it."""
        async with self._turn:
            if (wait := self._bucket.wait(requested, self._clock.now())) > 0:
                await self._sleep(min(wait, WAIT_MAX))
            self._bucket.spend(requested, self._clock.now())

    def _learn(self, key: bytes, body: JsonObject) -> None:
        cost = (body.get("extensions") or {}).get("cost") or {}
        self._bucket.learn(cost, self._clock.now())
        if (requested := cost.get("requestedQueryCost")) is not None:
            if len(self._costs) >= _COSTS_KEPT:
                self._costs.clear()
            self._costs[key] = float(requested)
