"""Carries a request out once: the first time works, later ones get the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.errors import Conflict, FieldProblem, InvalidInput
from shared.idempotency.models import KeptAnswer, KeyedRequest, Reserved
from shared.idempotency.repository import IdempotentRequests
from shared.ports import Database

KEPT: Final = timedelta(hours=24)
HELD: Final = timedelta(minutes=2)
"""Longer than any request lives: after that, an attempt without an answer was lost."""
RETRY_AFTER: Final = timedelta(seconds=2)


class IdempotencyKeyReused(InvalidInput):
    """The Idempotency-Key belongs to another request."""


class RequestInProgress(Conflict):
    """The request with this Idempotency-Key is being worked on."""


def key_reused(detail: str) -> IdempotencyKeyReused:
    """Return the error that says what the key was for before."""
    problem = FieldProblem("/Idempotency-Key", detail)
    return IdempotencyKeyReused(f"the key {detail}", problems=[problem])


async def begin(
    db: Database, request: KeyedRequest, attempt: str, *, at: datetime
) -> KeptAnswer | Reserved:
    """Return the answer that the request had, or that it is this attempt's to carry out.

    Raises:
        IdempotencyKeyReused: The caller sent something else under the key.
        RequestInProgress: Another attempt has not answered yet.
    """
    requests = IdempotentRequests(db)
    first_seen_at = await requests.hold(
        request, attempt, at=at, held_until=at + HELD, expires_at=at + KEPT
    )
    if first_seen_at is not None:
        return Reserved(first_seen_at)
    known = await requests.find(request.id)
    if known is not None and known.sha256 != request.sha256:
        detail = "was sent with another body or query before"
        raise key_reused(detail)
    if known is None or known.answer is None:
        seconds = str(RETRY_AFTER // timedelta(seconds=1))
        raise RequestInProgress("ask again with the same key", headers={"Retry-After": seconds})
    return known.answer


async def finish(db: Database, request: KeyedRequest, attempt: str, answer: KeptAnswer) -> None:
    """Keep the answer for who asks again."""
    await IdempotentRequests(db).answer(request.id, attempt, answer)


async def abandon(db: Database, request: KeyedRequest, attempt: str) -> None:
    """Give the key back: the request failed. When it was seen first stays known for a day.

    An error may come after something was made, so the next attempt makes things of the same ids.
    """
    await IdempotentRequests(db).release(request.id, attempt)
