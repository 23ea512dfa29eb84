"""Reads one reply of the Admin API: its data, or the typed error that it stands for."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

import httpx

from shared.clock import Clock
from shared.integrations.shopify.errors import (
    AccessDenied,
    ApiVersionMismatch,
    QueryRefused,
    QueryTooCostly,
    ReplyMalformed,
    SearchWarning,
    ShopLocked,
    ShopRedirected,
    ShopUnavailable,
    ShopUnknown,
    Throttled,
)
from shared.integrations.shopify.throttle import wait_seconds
from shared.limits import SHOPIFY_API_VERSION
from shared.ports import JsonObject

_LOCKED: Final = frozenset({402, 423})
_DETAIL_MAX: Final = 300
_RETRIED_CODES: Final = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_TOKEN_TEXTS: Final = ("non-expiring access tokens", "invalid api key or access token")


class TokenRefused(Exception):
    """Shopify refuses the token that was sent: another one may do."""


def read_status(reply: httpx.Response, *, shop: str, clock: Clock) -> None:
    """Raise what the HTTP status stands for; return on 200.

    Raises:
        TokenRefused: Send another token.
    """
    status = reply.status_code
    _check_same_shop(reply, shop)
    if status == 401 or (status == 403 and _refuses_token(reply)):
        raise TokenRefused
    if status in {429, 430}:
        raise Throttled(f"HTTP {status}", wait=retry_after(reply, clock))
    if status in _LOCKED:
        raise ShopLocked(f"HTTP {status}: {_text(reply)}")
    if status >= 500:
        raise ShopUnavailable(f"HTTP {status}")
    if status == 404:
        raise ShopUnknown(f"{shop} has no Admin API {SHOPIFY_API_VERSION}")
    if status == 403:
        raise AccessDenied("the shop", _text(reply))
    if status != 200:
        raise QueryRefused(f"HTTP {status}: {_text(reply)}")


def _check_same_shop(reply: httpx.Response, shop: str) -> None:
    """Refuse a redirect: a token must not follow it, and an alias must not be synced as ours."""
    if 300 <= reply.status_code < 400:
        target = urlsplit(reply.headers.get("location", "")).hostname
        raise ShopRedirected(shop, target or "another address")


def _refuses_token(reply: httpx.Response) -> bool:
    return any(text in _text(reply).lower() for text in _TOKEN_TEXTS)


def retry_after(reply: httpx.Response, clock: Clock) -> float | None:
    """Return the seconds of a Retry-After header, which may also be a date, or None."""
    value = reply.headers.get("retry-after")
    if not value:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def read_body(reply: httpx.Response) -> JsonObject:
    """Return the body of a 200 after checking who answered.

    Raises:
        ApiVersionMismatch: Another version answered: an expired one falls forward silently.
        ReplyMalformed: The body is no GraphQL reply.
    """
    answered = reply.headers.get("x-shopify-api-version")
    if answered != SHOPIFY_API_VERSION:
        raise ApiVersionMismatch(SHOPIFY_API_VERSION, answered)
    try:
        body = json.loads(reply.content)
    except ValueError:
        raise ReplyMalformed("the reply is no JSON") from None
    if not isinstance(body, dict):
        raise ReplyMalformed("the reply is no JSON object")
    return body


def data_of(body: JsonObject) -> JsonObject:
    """Return the data of a reply.

    Raises:
        DomainError: What the reply's errors, or its search warnings, stand for.
    """
    if errors := body.get("errors"):
        _raise_errors(errors, body)
    extensions = body.get("extensions") or {}
    if warnings := [_warning(item) for item in extensions.get("search") or () if _warning(item)]:
        raise SearchWarning("; ".join(warnings)[:_DETAIL_MAX])
    data = body.get("data")
    if not isinstance(data, dict):
        raise ReplyMalformed("the reply holds no data")
    return data


def _warning(search: JsonObject) -> str:
    return ", ".join(
        f"{item.get('field')}: {item.get('code')}" for item in search.get("warnings") or ()
    )


def _raise_errors(errors: object, body: JsonObject) -> NoReturn:
    if not isinstance(errors, list):
        text = errors if isinstance(errors, str) else json.dumps(errors)
        if any(known in text.lower() for known in _TOKEN_TEXTS):
            raise TokenRefused
        raise QueryRefused(text[:_DETAIL_MAX])
    listed = [item for item in errors if isinstance(item, dict)]
    for item in listed:
        _raise_known(item, body)
    raise QueryRefused("; ".join(str(item.get("message")) for item in listed)[:_DETAIL_MAX])


def _raise_known(error: JsonObject, body: JsonObject) -> None:
    extensions = error.get("extensions") or {}
    code = str(extensions.get("code") or "").upper()
    message = str(error.get("message") or "")
    if code == "THROTTLED" or message.lower() == "throttled":
        raise Throttled(message, wait=_throttle_wait(body))
    if code == "ACCESS_DENIED":
        path = ".".join(map(str, error.get("path") or ()))
        raise AccessDenied(path, str(extensions.get("requiredAccess") or message)[:_DETAIL_MAX])
    if code == "SHOP_INACTIVE":
        raise ShopLocked(message)
    if code == "MAX_COST_EXCEEDED":
        raise QueryTooCostly(message[:_DETAIL_MAX])
    if code in _RETRIED_CODES:
        raise ShopUnavailable(f"{code}: {message}"[:_DETAIL_MAX])
    if any(text in message.lower() for text in _TOKEN_TEXTS):
        raise TokenRefused


def _throttle_wait(body: JsonObject) -> float | None:
    cost = (body.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus")
    if not status:
        return None
    return wait_seconds(
        float(cost.get("requestedQueryCost") or 0),
        float(status["currentlyAvailable"]),
        float(status["restoreRate"]),
    )


def _text(reply: httpx.Response) -> str:
    """Return what an error body says in short: `errors` may be a text, a list or an object."""
    try:
        body = json.loads(reply.content)
    except ValueError:
        return reply.reason_phrase
    errors = body.get("errors", "") if isinstance(body, dict) else ""
    return (errors if isinstance(errors, str) else json.dumps(errors))[:_DETAIL_MAX]
