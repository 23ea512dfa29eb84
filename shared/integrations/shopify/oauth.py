"""The installation of the app: the operator's link, Shopify's callback, the permanent token.

The link carries a state that only this app can have signed, so that a callback is believed only
for an installation that an operator began within the last hour.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

import httpx

from shared.config import Settings
from shared.errors import BadRequest, SettingsInvalid, Unauthenticated
from shared.integrations.shopify.errors import ReplyMalformed, ShopUnavailable

SCOPES: Final = (
    "read_orders", "read_all_orders", "read_products", "write_products", "read_fulfillments",
    "read_returns", "read_customers", "read_inventory",
)  # fmt: skip
CALLBACK: Final = "/oauth/shopify/callback"
STATE_LIFE: Final = timedelta(hours=1)
CALLBACK_LIFE: Final = timedelta(seconds=90)
_SHOP: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-_]*\.myshopify\.com")
_REQUIRED: Final = ("code", "hmac", "shop", "state", "timestamp")


class CallbackMalformed(BadRequest):
    """The callback lacks a parameter, or has one twice."""


class CallbackNotGenuine(Unauthenticated):
    """The callback is not Shopify's answer to an installation that was begun here."""


class CodeRefused(Unauthenticated):
    """Shopify does not give a token for this installation."""


class Granted(NamedTuple):
    """An offline token and what it may do."""

    token: str
    scopes: str


def install_link(settings: Settings, now: datetime) -> str:
    """Return the address with which an operator begins the installation.

    Raises:
        SettingsInvalid: The app's credentials or its own address are not set.
    """
    client_id, _ = _credentials(settings)
    if settings.INGEST_URL is None:
        raise SettingsInvalid("INGEST_URL is required")
    query = {
        "client_id": client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": settings.INGEST_URL.rstrip("/") + CALLBACK,
        "state": _state(settings, now, secrets.token_hex(16)),
    }
    return f"{settings.shopify_url}/admin/oauth/authorize?{urlencode(query)}"


def verified_code(parameters: Sequence[tuple[str, str]], settings: Settings, now: datetime) -> str:
    """Return the code of a callback that is genuine.

    Raises:
        CallbackMalformed: A parameter is absent or there twice.
        CallbackNotGenuine: Wrong shop, signature, state, or too old.
    """
    given = dict(parameters)
    if len(given) != len(parameters) or any(not given.get(name) for name in _REQUIRED):
        raise CallbackMalformed(f"each of {', '.join(_REQUIRED)} is required once")
    _, secret = _credentials(settings)
    genuine = (
        hmac.compare_digest(_signature(parameters, secret), given["hmac"].lower().encode()),
        _is_ours(given["shop"], settings),
        _is_recent(given["timestamp"], now),
        _is_begun_here(given["state"], settings, now),
    )
    if not all(genuine):
        raise CallbackNotGenuine
    return given["code"]


async def exchange_code(http: httpx.AsyncClient, code: str, settings: Settings) -> Granted:
    """Return the permanent token that Shopify gives for a code, once.

    Raises:
        CodeRefused: The code was used already, is too old or not for this app.
        ShopUnavailable: Try again.
    """
    client_id, secret = _credentials(settings)
    try:
        reply = await http.post(
            f"{settings.shopify_url}/admin/oauth/access_token",
            json={"client_id": client_id, "client_secret": secret, "code": code},
            follow_redirects=False,
        )
    except httpx.TransportError as error:
        raise ShopUnavailable(f"the token request failed ({type(error).__name__})") from error
    if reply.status_code == 429 or reply.status_code >= 500:
        raise ShopUnavailable(f"the token request was answered with {reply.status_code}")
    if reply.status_code != 200:
        raise CodeRefused
    try:
        body = reply.json()
        return Granted(str(body["access_token"]), str(body.get("scope", "")))
    except (ValueError, KeyError, TypeError):
        raise ReplyMalformed("the reply to the token request holds no token") from None


def token_page(granted: Granted) -> str:
    """Return what the operator is shown, once."""
    return (
        "The app is installed. This access token is shown once and kept nowhere:\n\n"
        f"{granted.token}\n\n"
        f"Scopes: {granted.scopes}\n"
        "Keep it as the secret SHOPIFY_ACCESS_TOKEN of ingest:\n"
        "  wrangler secret put SHOPIFY_ACCESS_TOKEN -c wrangler.ingest.toml --env <environment>\n"
    )


def _credentials(settings: Settings) -> tuple[str, str]:
    if not settings.SHOPIFY_CLIENT_ID or settings.SHOPIFY_CLIENT_SECRET is None:
        raise SettingsInvalid("SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET are required")
    return settings.SHOPIFY_CLIENT_ID, settings.SHOPIFY_CLIENT_SECRET.get_secret_value()


def _signature(parameters: Sequence[tuple[str, str]], secret: str) -> bytes:
    """Return the hex HMAC of the sorted parameters, spaces as %20, without the HMAC itself."""
    signed = sorted(pair for pair in parameters if pair[0] not in {"hmac", "signature"})
    text = urlencode(signed, quote_via=quote, safe="!'()*")
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex().encode()


def _is_ours(shop: str, settings: Settings) -> bool:
    # fullmatch: `$` would also match before a newline at the end.
    is_ours = shop.lower() == settings.SHOP_DOMAIN.lower()
    return is_ours and (settings.SHOPIFY_URL is not None or bool(_SHOP.fullmatch(shop)))


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    return abs(now.timestamp() - int(timestamp)) <= CALLBACK_LIFE.total_seconds()


def _state(settings: Settings, now: datetime, nonce: str) -> str:
    return _signed_state(settings, f"{int(now.timestamp())}.{nonce}")


def _signed_state(settings: Settings, text: str) -> str:
    _, secret = _credentials(settings)
    return f"{text}.{hmac.digest(secret.encode(), f'state.{text}'.encode(), 'sha256').hex()}"


def _is_begun_here(state: str, settings: Settings, now: datetime) -> bool:
    text, _, _ = state.rpartition(".")
    begun, _, _ = text.partition(".")
    if not hmac.compare_digest(_signed_state(settings, text).encode(), state.encode()):
        return False
    return begun.isdigit() and 0 <= now.timestamp() - int(begun) <= STATE_LIFE.total_seconds()
