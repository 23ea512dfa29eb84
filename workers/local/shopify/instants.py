"""Epoch seconds as Shopify writes them: UTC in GraphQL, the shop's own time in webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_zone = lru_cache(maxsize=16)(ZoneInfo)


@lru_cache(maxsize=8_192)
def utc_text(epoch: int | None) -> str | None:
    """Return `2026-11-20T12:00:00Z`, or None."""
    if epoch is None:
        return None
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(epoch: int | None, timezone: str) -> str | None:
    """Return `2026-11-20T07:00:00-05:00` in the shop's time zone, or None."""
    if epoch is None:
        return None
    return datetime.fromtimestamp(epoch, _zone(timezone)).isoformat(timespec="seconds")
