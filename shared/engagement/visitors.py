"""Visitors without a trace: a hash that changes every day, a country, a host, a kind of device."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from shared.engagement.memory import Memory
from shared.engagement.models import Visitor

_HOST_LENGTH: Final = 255
_HASH_BYTES: Final = 16
_NO_COUNTRIES: Final = frozenset({"XX", "T1"})
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z")
_BOT: Final = re.compile(
    r"(?<!cu)bot\b|(?<!cu)bot[/ _-]|crawl|spider|slurp|preview|scan|fetcher|monitor|headless"
    r"|lighthouse|facebookexternalhit|^whatsapp/|embedly|pinterest/0|validator|mediapartners"
    r"|google-?other|google-inspectiontool|feedburner|curl/|wget/|python-|httpx/|aiohttp"
    r"|go-http-client|java/|okhttp|httpclient|libwww|axios/|node-fetch|^node\b|undici|^ruby|^php"
    r"|^dart/|postmanruntime|insomnia/",
    re.IGNORECASE,
)
"""Cubot makes phones; WhatsApp and Telegram name themselves in browsers of their apps too."""
_TABLET: Final = re.compile(r"iPad|Tablet|^(?!.*Mobile).*Android")
_PREFETCH_HEADERS: Final = frozenset({"sec-purpose", "purpose", "x-purpose", "x-moz"})
_PREFETCHES: Final = ("prefetch", "prerender", "preview")


def visitor_of(
    headers: Mapping[str, str],
    *,
    address: str | None,
    country: str | None,
    page: str | None,
    secret: str,
    memory: Memory,
    now: datetime,
) -> Visitor:
    """Return what may be known of who sent a request.

    Args:
        headers: With names in lower case.
        address: Where the request came from; it goes into the hash and nowhere else.
        country: What the edge says, or None.
        page: The address of the page, of which only the host is kept.
        secret: What the salt of each day is made of.
        memory: Keeps the salt of the day.
        now: Tells the day.
    """
    agent = headers.get("user-agent", "")
    device_class, is_bot = _kind(agent)
    named = country or headers.get("cf-ipcountry")
    return Visitor(
        hash=_hash(f"{address}\x1f{agent}", secret, memory, now) if address else None,
        country_code=named if _is_country(named) else None,
        referrer_host=host_of(page),
        device_class=device_class,
        is_bot=is_bot,
        is_prefetch=_is_prefetch(headers),
    )


@lru_cache(maxsize=256)
def host_of(url: str | None) -> str | None:
    """Return the host of an address, or None where it has none that could be one."""
    try:
        host = urlsplit(url).hostname if url else None
    except ValueError:
        return None
    return host if host and len(host) <= _HOST_LENGTH and host.isascii() else None


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    if _PREFETCH_HEADERS.isdisjoint(headers):
        return False
    told = [headers[name].lower() for name in _PREFETCH_HEADERS if name in headers]
    return any(word in text for text in told for word in _PREFETCHES)


def _is_country(code: str | None) -> bool:
    return code is not None and _COUNTRY.match(code) is not None and code not in _NO_COUNTRIES


@lru_cache(maxsize=1_000)
def _kind(agent: str) -> tuple[str | None, bool]:
    """Return the kind of device, and whether it is a bot; few agents are most of the visits."""
    if not agent:
        return None, True
    device = "mobile" if "Mobi" in agent else "desktop"
    return "tablet" if _TABLET.search(agent) else device, _BOT.search(agent) is not None


def _hash(who: str, secret: str, memory: Memory, now: datetime) -> str:
    return hmac.digest(_salt(secret, memory, now), who.encode(), "sha256")[:_HASH_BYTES].hex()


def _salt(secret: str, memory: Memory, now: datetime) -> bytes:
    today = now.date()
    if memory.salt is None or memory.salt[0] != today:
        name = f"visitors of {today.isoformat()}"
        memory.salt = (today, hmac.digest(secret.encode(), name.encode(), "sha256"))
    return memory.salt[1]
