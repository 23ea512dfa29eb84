"""Tells a webhook that the platform is no longer well, once an episode, and once that it is again.

An episode is kept as two instants beside the watermarks: when it was told of, and when its end was.
They are moved only after the receiver took the message, so that a receiver that is away hears of it
from a later tick; a lease keeps ticks of the same minute from telling twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import httpx

from shared.clock import Clock, format_instant
from shared.health.models import Health
from shared.ids import new_id
from shared.ports import JsonObject, Watermarks

TOLD_AT: Final = "health_degraded_told_at"
ENDED_AT: Final = "health_recovered_told_at"
PAUSES: Final = (1.0, 4.0)
"""Seconds between the attempts of one tick."""
TIMEOUT: Final = 10.0
_LEASE: Final = "health-alert"
_LEASE_FOR: Final = timedelta(minutes=2)
_LOG: Final = logging.getLogger(__name__)
News = Literal["degraded", "recovered"]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom to tell. The address is a secret: it is neither logged nor part of a message."""

    url: str
    http: Callable[[], httpx.AsyncClient]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def tell_of_health(
    look: Callable[[], Awaitable[Health]],
    watermarks: Watermarks,
    receiver: Receiver,
    *,
    shop: str,
    clock: Clock,
) -> News | None:
    """Look at the health and tell the receiver if it has turned; never raises.

    Args:
        look: Finds out how ingest is.
        watermarks: Where the episode is kept.
        receiver: Whom to tell.
        shop: Whose platform it is.
        clock: Dates the message.

    Returns:
        What was told, or None.
    """
    run_id = new_id("alert")
    try:
        if (await watermarks.acquire(_LEASE, run_id, ttl=_LEASE_FOR)).held_by != run_id:
            return None
        try:
            return await _tell(await look(), watermarks, receiver, shop, clock)
        finally:
            await watermarks.release(_LEASE, run_id)
    except Exception as error:  # noqa: BLE001 - a tick has other work, and the next one looks again
        _LOG.warning("health was not told", extra={"error": type(error).__name__})
        return None


async def _tell(
    health: Health, watermarks: Watermarks, receiver: Receiver, shop: str, clock: Clock
) -> News | None:
    since = await _open_since(watermarks)
    if (health.status == "ok") == (since is None):
        return None
    news: News = "degraded" if since is None else "recovered"
    now = clock.now()
    if not await _post(receiver, message(news, health, shop=shop, since=since or now)):
        _LOG.warning("the alert was not taken", extra={"news": news})
        return None
    await watermarks.advance(TOLD_AT if news == "degraded" else ENDED_AT, now)
    _LOG.info("the alert was taken", extra={"news": news})
    return news


async def _open_since(watermarks: Watermarks) -> datetime | None:
    told, ended = await watermarks.read(TOLD_AT), await watermarks.read(ENDED_AT)
    return None if told is None or (ended is not None and ended >= told) else told


def message(news: News, health: Health, *, shop: str, since: datetime) -> JsonObject:
    """Return what is posted: a line for people (`text`, as chats take it), and the checks."""
    ill = [check for check in health.checks if check.status != "ok"]
    told = "; ".join(f"{check.name}: {check.detail}" for check in ill)
    state = f"is {health.status}: {told}" if ill else f"is well again, after {_since(since)}"
    return {
        "text": f"{shop} {state}",
        "event": news,
        "shop": shop,
        "status": health.status,
        "at": format_instant(health.at),
        "since": format_instant(since),
        "checks": [check.model_dump(mode="json", exclude_none=True) for check in health.checks],
    }


def _since(at: datetime) -> str:
    return f"an episode that was told of at {format_instant(at)}"


async def _post(receiver: Receiver, document: JsonObject) -> bool:
    """Post until a 2xx, a few times; True if one came."""
    for pause in (*PAUSES, None):
        try:
            async with receiver.http() as http:
                answer = await http.post(receiver.url, json=document, timeout=TIMEOUT)
            if answer.is_success:
                return True
            _LOG.warning("alert refused", extra={"status": answer.status_code})
        except httpx.HTTPError as error:
            _LOG.warning("alert not delivered", extra={"error": type(error).__name__})
        if pause is not None:
            await receiver.sleep(pause)
    return False
