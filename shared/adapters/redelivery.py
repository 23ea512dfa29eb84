"""When a queue delivers a message again that nobody could deal with: the same on both runtimes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

AFTER_FAILURE: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(minutes=15)
LETTER_RETRIES: Final = 100
"""Of the dead-letter queue, which no other stands behind: the most that Cloudflare takes. With the
delays below that is most of a day."""


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed deliveries: longer each time, to a point."""
    return min(AFTER_FAILURE * attempts, LONGEST)
