"""Shopify's leaky bucket, as its replies describe it: how long to wait before the next request.

Pure arithmetic over what `throttleStatus` said and how much time has passed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.ports import JsonObject

RETRY_LIMIT: Final = 6
WAIT_MAX: Final = 60.0


def wait_seconds(requested: float, available: float, restore_rate: float) -> float:
    """Return how long the bucket takes to hold what a request costs."""
    if requested <= available:
        return 0.0
    return (requested - available) / restore_rate if restore_rate > 0 else WAIT_MAX


def backoff_seconds(attempt: int) -> float:
    """Return the wait before trying again: 1, 2, 4 ... seconds, at most `WAIT_MAX`."""
    return min(2.0**attempt, WAIT_MAX)


@dataclass(slots=True)
class LeakyBucket:
    """The bucket of one app in one shop; before the first reply it is taken to be full."""

    maximum: float = 0.0
    available: float = 0.0
    restore_rate: float = 0.0
    at: datetime | None = None

    def learn(self, cost: JsonObject | None, now: datetime) -> None:
        """Take over what a reply's `extensions.cost` says."""
        status = (cost or {}).get("throttleStatus")
        if not status:
            return
        self.maximum = float(status["maximumAvailable"])
        self.available = float(status["currentlyAvailable"])
        self.restore_rate = float(status["restoreRate"])
        self.at = now

    def level(self, now: datetime) -> float:
        """Return what the bucket holds now: what it held, and what has been restored since."""
        elapsed = (now - self.at) / timedelta(seconds=1) if self.at else 0.0
        return min(self.maximum, self.available + max(elapsed, 0.0) * self.restore_rate)

    def wait(self, requested: float, now: datetime) -> float:
        """Return how long to wait before a request of this cost may be sent."""
        if self.at is None:
            return 0.0
        # A request that costs more than the bucket ever holds is Shopify's to refuse.
        return wait_seconds(min(requested, self.maximum), self.level(now), self.restore_rate)

    def spend(self, requested: float, now: datetime) -> None:
        """Count a request that is on its way, so that one sent beside it waits its turn."""
        if self.at is not None:
            self.available, self.at = self.level(now) - requested, now
