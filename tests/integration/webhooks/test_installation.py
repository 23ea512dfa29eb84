"""The OAuth callback gives its token only to an installation that an operator began here."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
import pytest
from ingest.public_app import public_app
from pydantic import SecretStr

from shared.integrations.shopify.oauth import install_link
from tests.fixtures.webhooks import Webhooks

CALLBACK = "/oauth/shopify/callback"


class Installation:
    """A merchant's browser between Shopify and ingest."""

    def __init__(self, webhooks: Webhooks) -> None:
        options = webhooks.shop.options
        self.webhooks, self.secret = webhooks, options.client_secret
        self.settings = webhooks.ports.settings.model_copy(
            update={
                "INGEST_URL": "https://ingest.example.com",
                "SHOPIFY_CLIENT_ID": options.client_id,
                "SHOPIFY_CLIENT_SECRET": SecretStr(options.client_secret),
            }
        )
        app = public_app(lambda _: webhooks.bindings(settings=self.settings))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://ingest")
        link = urlsplit(install_link(self.settings, webhooks.clock.now()))
        self.link = {name: values[0] for name, values in parse_qs(link.query).items()}

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return what Shopify adds to the callback, before it is signed."""
        return {
            "code": self.webhooks.shop.options.install_code,
            "host": "YWRtaW4=",
            "shop": self.webhooks.domain,
            "state": self.link["state"],
            "timestamp": str(int(self.webhooks.clock.now().timestamp())),
            **changes,
        }

    async def call(self, parameters: dict[str, str], *, secret: str = "") -> httpx.Response:
        """Sign and call back."""
        text = urlencode(sorted(parameters.items()), quote_via=quote)
        digest = hmac.digest((secret or self.secret).encode(), text.encode(), "sha256").hex()
        return await self.http.get(f"{CALLBACK}?{text}&hmac={digest}")


@pytest.fixture
async def installation(webhooks: Webhooks) -> AsyncIterator[Installation]:
    installation = Installation(webhooks)
    yield installation
    await installation.http.aclose()


async def test_the_token_is_shown_once(installation: Installation) -> None:
    assert installation.link["redirect_uri"] == "https://ingest.example.com" + CALLBACK
    answer = await installation.call(installation.parameters(extra="a b+c/d"))
    assert answer.status_code == 200, answer.text
    assert installation.webhooks.shop.token in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_is_not_genuine_gets_nothing(installation: Installation) -> None:
    now = installation.webhooks.clock.now()
    good = installation.parameters()
    stamp, nonce, mac = good["state"].split(".")
    wrong = [
        {"shop": "other.myshopify.com"},
        {"shop": installation.webhooks.domain + "\n"},
        {"state": "nonsense"},
        {"state": f"{int(stamp) + 1}.{nonce}.{mac}"},
        {"timestamp": str(int((now - timedelta(seconds=91)).timestamp()))},
        {"timestamp": str(int((now + timedelta(seconds=91)).timestamp()))},
        {"timestamp": "soon"},
        {"code": "another"},
    ]
    for change in wrong:
        answer = await installation.call(installation.parameters(**change))
        assert answer.status_code == 401, change
        assert installation.webhooks.shop.token not in answer.text
    assert (await installation.call(good, secret="another")).status_code == 401


async def test_a_link_is_good_for_an_hour(installation: Installation) -> None:
    installation.webhooks.clock.advance(timedelta(minutes=61))
    assert (await installation.call(installation.parameters())).status_code == 401


@pytest.mark.parametrize("name", ["code", "shop", "state", "timestamp"])
async def test_a_parameter_that_is_missing_or_twice_is_400(
    installation: Installation, name: str
) -> None:
    parameters = installation.parameters()
    del parameters[name]
    assert (await installation.call(parameters)).status_code == 400
    twice = await installation.http.get(f"{CALLBACK}?{urlencode([(name, 'a'), (name, 'b')])}")
    assert twice.status_code == 400


async def test_a_deployment_without_an_app_says_so_to_nobody(installation: Installation) -> None:
    installation.settings = installation.settings.model_copy(update={"SHOPIFY_CLIENT_ID": None})
    answer = await installation.call(installation.parameters())
    assert answer.status_code == 500
    assert "SHOPIFY" not in answer.text
