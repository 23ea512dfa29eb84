"""How many requests one key may make: a fixed window of a minute, the same for every isolate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.errors import TooManyRequests
from shared.ports import Database
from shared.publishers.access_models import Caller
from shared.publishers.access_repository import AccessRecords

WINDOW_SECONDS: Final = 60
REQUESTS_PER_WINDOW: Final = 300


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left."""

    remaining: int
    resets_in: int
    """Seconds."""
    limit: int = REQUESTS_PER_WINDOW

    @property
    def headers(self) -> dict[str, str]:
        """Return it as an answer's headers (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"key";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"key";r={self.remaining};t={self.resets_in}',
        }

    @property
    def refusal(self) -> RateLimited:
        """Return what a caller is told who has nothing left."""
        retry = {"Retry-After": str(self.resets_in)}
        return RateLimited(
            f"a key may make {self.limit} requests a minute", headers=self.headers | retry
        )


class RateLimited(TooManyRequests):
    """The key has used up its requests of this minute."""


async def spend(db: Database, caller: Caller, *, now: datetime) -> Allowance:
    """Count a request of a caller and return what is left.

    Raises:
        RateLimited: Nothing was.
    """
    window = now.replace(second=0, microsecond=0)
    used = await AccessRecords(db).count_request(
        caller.limited_by, window, most=REQUESTS_PER_WINDOW + 1
    )
    allowance = Allowance(max(0, REQUESTS_PER_WINDOW - used), WINDOW_SECONDS - now.second)
    if used > REQUESTS_PER_WINDOW:
        raise allowance.refusal
    return allowance
