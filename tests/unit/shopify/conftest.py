"""A client over a scripted transport: no sockets, no waiting, every request on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import settings

from shared.clock import FixedClock
from shared.config import Settings
from shared.integrations.shopify.client import ShopifyClient

# A busy machine is no reason to fail; the properties are about values, not about time.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
VERSION = {"X-Shopify-API-Version": "2026-10"}
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def graphql(data=None, *, errors=None, cost=None, search=None, status=200, headers=None):
    """Return a reply as Shopify words it."""
    body = {} if data is None else {"data": data}
    if errors is not None:
        body["errors"] = errors
    extensions = {"cost": cost, "search": search}
    body["extensions"] = {name: value for name, value in extensions.items() if value is not None}
    return httpx.Response(status, json=body, headers={**VERSION, **(headers or {})})


def cost(requested: float, available: float, rate: float = 100, maximum: float = 2000):
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": None,
        "throttleStatus": {
            "maximumAvailable": maximum,
            "currentlyAvailable": available,
            "restoreRate": rate,
        },
    }


@dataclass
class Script:
    """Answers requests one after the other; the last answer is given for ever."""

    answers: list[Answer]
    clock: FixedClock
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        return answer(request)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def tokens(self) -> list[str | None]:
        return [request.headers.get("X-Shopify-Access-Token") for request in self.requests]


@pytest.fixture
def wire():
    """Return a factory of (client, script) for a list of answers."""

    def make(*answers: Answer, **settings: str) -> tuple[ShopifyClient, Script]:
        script = Script(list(answers), FixedClock(NOW))
        values = {"SHOP_DOMAIN": "ours.myshopify.com", "SHOPIFY_ACCESS_TOKEN": "shpat_permanent"}
        client = ShopifyClient(
            httpx.AsyncClient(transport=httpx.MockTransport(script)),
            settings=Settings.model_validate({**values, **settings}),
            clock=script.clock,
            sleep=script.sleep,
        )
        return client, script

    make.graphql = graphql
    make.cost = cost
    make.version = VERSION
    return make
