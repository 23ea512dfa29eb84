"""Tokens: permanent first, client credentials when refused, one grant for all, nothing leaked."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest

from shared.integrations.shopify.errors import AccessTokenRefused

SHOP = {"shop": {"name": "Ours"}}
CREDENTIALS = {"SHOPIFY_CLIENT_ID": "client", "SHOPIFY_CLIENT_SECRET": "very-secret"}
REFUSAL = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
NON_EXPIRING = (
    "[API] Non-expiring access tokens are no longer accepted for the Admin API. Use expiring ones."
)


def shop_that_accepts(wire, *accepted: str, expires_in: int = 86_399, refusal=None):
    """Return answers of a shop that grants `shpat_granted_<n>` and accepts only some tokens."""
    granted = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("access_token"):
            granted.append(f"shpat_granted_{len(granted) + 1}")
            return httpx.Response(
                200, json={"access_token": granted[-1], "expires_in": expires_in, "scope": "x"}
            )
        if request.headers["X-Shopify-Access-Token"] in accepted:
            return wire.graphql(SHOP)
        return refusal or httpx.Response(401, json=REFUSAL)

    return answer


def grants(script) -> int:
    return sum(request.url.path.endswith("access_token") for request in script.requests)


async def test_the_permanent_token_is_preferred_and_nothing_is_granted(wire):
    client, script = wire(shop_that_accepts(wire, "shpat_permanent"), **CREDENTIALS)
    await client.query("{ shop { name } }")
    assert grants(script) == 0


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(401, json=REFUSAL),
        httpx.Response(403, json={"errors": NON_EXPIRING}),
        httpx.Response(
            200, json={"errors": NON_EXPIRING}, headers={"X-Shopify-API-Version": "2026-10"}
        ),
        httpx.Response(
            200,
            json={"errors": [{"message": NON_EXPIRING}]},
            headers={"X-Shopify-API-Version": "2026-10"},
        ),
    ],
)
async def test_failure_10_a_refused_permanent_token_falls_back_once(wire, refusal):
    answer = shop_that_accepts(wire, "shpat_granted_1", refusal=refusal)
    client, script = wire(answer, **CREDENTIALS)
    assert await client.query("{ shop { name } }") == SHOP
    assert await client.query("{ shop { name } }") == SHOP
    assert script.tokens.count("shpat_permanent") == 1
    assert grants(script) == 1


async def test_without_permanent_token_the_credentials_are_used(wire):
    answer = shop_that_accepts(wire, "shpat_granted_1")
    client, script = wire(answer, SHOPIFY_ACCESS_TOKEN=None, **CREDENTIALS)
    assert await client.query("{ shop { name } }") == SHOP
    assert script.bodies[0] == {
        "client_id": "client",
        "client_secret": "very-secret",
        "grant_type": "client_credentials",
    }


async def test_failure_10_many_requests_at_once_share_one_grant(wire):
    answer = shop_that_accepts(wire, "shpat_granted_1")
    client, script = wire(answer, **CREDENTIALS)
    replies = await asyncio.gather(*(client.query("{ shop { name } }") for _ in range(20)))
    assert replies == [SHOP] * 20
    assert grants(script) == 1


async def test_failure_10_a_24_hour_token_is_renewed_in_the_middle_of_a_run(wire):
    answer = shop_that_accepts(wire, "shpat_granted_1", "shpat_granted_2")
    client, script = wire(answer, SHOPIFY_ACCESS_TOKEN=None, **CREDENTIALS)
    await client.query("{ shop { name } }")
    script.clock.advance(timedelta(hours=23, minutes=50))
    await client.query("{ shop { name } }")
    assert grants(script) == 1
    script.clock.advance(timedelta(minutes=6))
    await client.query("{ shop { name } }")
    assert grants(script) == 2


async def test_failure_11_a_granted_token_that_dies_early_is_replaced(wire):
    """A library once asked for expiring tokens unknowingly: after an hour every call got 401."""
    accepted = ["shpat_granted_1"]

    def answer(request):
        return shop(request)

    shop = shop_that_accepts(wire, *["shpat_granted_1"])
    client, script = wire(answer, SHOPIFY_ACCESS_TOKEN=None, **CREDENTIALS)
    await client.query("{ shop { name } }")
    revoked = shop_that_accepts(wire, "shpat_granted_2")
    revoked(httpx.Request("POST", "https://x/admin/oauth/access_token"))
    shop = revoked
    assert await client.query("{ shop { name } }") == SHOP
    assert script.tokens[-1] == "shpat_granted_2"
    assert accepted == ["shpat_granted_1"]


async def test_a_refused_token_without_credentials_says_what_is_missing(wire):
    client, script = wire(httpx.Response(401, json=REFUSAL))
    with pytest.raises(AccessTokenRefused, match="no client credentials"):
        await client.query("{ shop { name } }")
    assert len(script.requests) == 1


async def test_nothing_configured_is_said_plainly(wire):
    client, script = wire(httpx.Response(401), SHOPIFY_ACCESS_TOKEN=None)
    with pytest.raises(AccessTokenRefused, match="neither SHOPIFY_ACCESS_TOKEN nor"):
        await client.query("{ shop { name } }")
    assert script.requests == []


async def test_a_shop_that_refuses_everything_is_not_asked_for_ever(wire):
    client, script = wire(shop_that_accepts(wire), **CREDENTIALS)
    with pytest.raises(AccessTokenRefused):
        await client.query("{ shop { name } }")
    assert len(script.requests) <= 6


async def test_an_outage_of_the_grant_is_waited_out(wire):
    failures = [httpx.Response(503), httpx.ConnectError("refused")]
    inner = shop_that_accepts(wire, "shpat_granted_1")

    def answer(request):
        if request.url.path.endswith("access_token") and failures:
            failure = failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return inner(request)

    client, _ = wire(answer, SHOPIFY_ACCESS_TOKEN=None, **CREDENTIALS)
    assert await client.query("{ shop { name } }") == SHOP


@pytest.mark.parametrize(
    "grant",
    [
        httpx.Response(400, json={"error": "invalid_client", "secret": "very-secret"}),
        httpx.Response(200, text="very-secret"),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json=["very-secret"]),
    ],
)
async def test_no_secret_and_no_token_appears_in_errors_or_logs(wire, grant, caplog):
    def answer(request):
        if request.url.path.endswith("access_token"):
            return grant
        return httpx.Response(401, json=REFUSAL)

    client, _ = wire(answer, **CREDENTIALS)
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception) as caught:  # noqa: PT011
        await client.query("{ shop { name } }")
    shown = (
        caplog.text + repr(caught.value) + repr(caught.value.__cause__) + repr(vars(caught.value))
    )
    assert "very-secret" not in shown
    assert "shpat_permanent" not in shown
