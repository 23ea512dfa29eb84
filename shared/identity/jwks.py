"""The public keys of Access: kept for an hour, fetched again when a token names an unknown one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import httpx

from shared.clock import Clock
from shared.errors import Unavailable

Jwk = Mapping[str, str]

KEYS_KEPT: Final = timedelta(hours=1)
REFETCH_PAUSE: Final = timedelta(seconds=30)
"""A token with a made-up kid must not make us call Access for every request."""
STALE_KEYS_USABLE: Final = timedelta(hours=24)
"""While Access' key page is down; a rotated key stays valid for 7 days."""

_logger = logging.getLogger(__name__)


class JwksSource(Protocol):
    """Where verification keys come from."""

    async def key(self, kid: str) -> Jwk | None:
        """Return the key of this id, or None if there is none."""
        ...


@dataclass(slots=True)
class JwksCache:
    """Keys of one team as plain values, so that it may outlive a request on every runtime."""

    keys: dict[str, Jwk] = field(default_factory=dict)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None


class HttpJwks:
    """Keys from `{issuer}/cdn-cgi/access/certs`, through a cache that outlives this object."""

    def __init__(
        self,
        cache: JwksCache,
        *,
        issuer: str,
        http: Callable[[], httpx.AsyncClient],
        clock: Clock,
    ) -> None:
        self.cache = cache
        self.url = f"{issuer}/cdn-cgi/access/certs"
        self.http = http
        self.clock = clock

    async def key(self, kid: str) -> Jwk | None:
        """Return the key of this id, or None if there is none.

        Raises:
            Unavailable: The keys cannot be had and none that may still be used is kept.
        """
        fresh = _within(self.cache.fetched_at, KEYS_KEPT, self.clock.now())
        if fresh and kid in self.cache.keys:
            return self.cache.keys[kid]
        if not _within(self.cache.tried_at, REFETCH_PAUSE, self.clock.now()):
            await self._refetch()
        if not _within(self.cache.fetched_at, STALE_KEYS_USABLE, self.clock.now()):
            raise Unavailable("the keys of Access cannot be read now")
        return self.cache.keys.get(kid)

    async def _refetch(self) -> None:
        try:
            async with self.http() as client:
                response = await client.get(self.url)
            response.raise_for_status()
            self.cache.keys = _signing_keys(response.json())
            self.cache.fetched_at = self.clock.now()
        except (httpx.HTTPError, ValueError) as error:
            _logger.warning("access keys unavailable", extra={"reason": type(error).__name__})
        finally:
            self.cache.tried_at = self.clock.now()


def _within(at: datetime | None, span: timedelta, now: datetime) -> bool:
    return at is not None and now - at < span


def _signing_keys(document: object) -> dict[str, Jwk]:
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("not a JWK set")  # noqa: TRY004 - a wrong document, not a wrong type
    return {
        key["kid"]: {name: text for name, text in key.items() if isinstance(text, str)}
        for key in keys
        if isinstance(key, dict) and isinstance(key.get("kid"), str) and _signs_rs256(key)
    }


def _signs_rs256(key: Mapping[str, object]) -> bool:
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
    )
