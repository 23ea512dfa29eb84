"""Access tokens: the permanent one first; if Shopify refuses it, the app's own client credentials.

A granted token lives 24 hours and is renewed before it ends, also in the middle of a run. Callers
that wait for a grant at the same time share one. Tokens and secrets appear in no error and no log.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import httpx

from shared.clock import Clock
from shared.config import Settings
from shared.integrations.shopify.errors import AccessTokenRefused, ReplyMalformed, ShopUnavailable

_LOG = logging.getLogger(__name__)
_RENEW_BEFORE_END: Final = timedelta(minutes=5)
_PATH: Final = "/admin/oauth/access_token"


class AccessTokens:
    """Hands out the token to send, and learns which ones Shopify refuses."""

    def __init__(self, http: httpx.AsyncClient, *, settings: Settings, clock: Clock) -> None:
        self._http, self._settings, self._clock = http, settings, clock
        permanent = settings.SHOPIFY_ACCESS_TOKEN
        self._permanent = permanent.get_secret_value() if permanent else None
        self._granted: str | None = None
        self._ends_at: datetime | None = None
        self._grant_flight = asyncio.Lock()

    async def current(self) -> str:
        """Return the token to send.

        Raises:
            AccessTokenRefused: There is none, and none can be had.
            ShopUnavailable: The grant could not be asked for now.
        """
        if self._permanent is not None:
            return self._permanent
        if (token := self._living()) is not None:
            return token
        async with self._grant_flight:
            return self._living() or await self._grant()

    def refuse(self, token: str) -> None:
        """Note that Shopify refused this token; the next `current` gives another one.

        Raises:
            AccessTokenRefused: There is no other way to a token.
        """
        if not self._has_credentials:
            raise AccessTokenRefused(
                "Shopify refuses SHOPIFY_ACCESS_TOKEN, and there are no client credentials"
            )
        if token == self._permanent:
            _LOG.warning("shopify refuses the permanent token; client credentials take over")
            self._permanent = None
        elif token == self._granted:
            self._granted = None

    @property
    def _has_credentials(self) -> bool:
        return bool(self._settings.SHOPIFY_CLIENT_ID and self._settings.SHOPIFY_CLIENT_SECRET)

    def _living(self) -> str | None:
        if self._granted is None or self._ends_at is None:
            return None
        return self._granted if self._clock.now() < self._ends_at - _RENEW_BEFORE_END else None

    async def _grant(self) -> str:
        client_id, secret = self._settings.SHOPIFY_CLIENT_ID, self._settings.SHOPIFY_CLIENT_SECRET
        if not client_id or secret is None:
            raise AccessTokenRefused("neither SHOPIFY_ACCESS_TOKEN nor client credentials are set")
        asked_at = self._clock.now()
        try:
            reply = await self._http.post(
                self._settings.shopify_url + _PATH,
                json={
                    "client_id": client_id,
                    "client_secret": secret.get_secret_value(),
                    "grant_type": "client_credentials",
                },
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            raise ShopUnavailable(f"the token request failed ({type(error).__name__})") from error
        self._granted, seconds = _token_of(reply)
        self._ends_at = asked_at + timedelta(seconds=seconds)
        return self._granted


def _token_of(reply: httpx.Response) -> tuple[str, float]:
    """Read a grant's reply; nothing of its body may get into an error."""
    if reply.status_code == 429 or reply.status_code >= 500:
        raise ShopUnavailable(f"the token request was answered with {reply.status_code}")
    if reply.status_code != 200:
        raise AccessTokenRefused(
            f"Shopify refuses the client credentials (HTTP {reply.status_code})"
        )
    try:
        body = reply.json()
        token, seconds = body["access_token"], float(body.get("expires_in") or 86_399)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ReplyMalformed("the reply to the token request holds no token") from None
    if not isinstance(token, str) or not token:
        raise ReplyMalformed("the reply to the token request holds no token")
    return token, seconds
