"""Who posts events: a page with a publishable key, or a server with a secret one.

Keys are held by the isolate for a minute. Requests are counted against a key as everywhere, but
an isolate takes many at a time, so that most requests ask PostgreSQL nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.engagement.bindings import EngagementBindings
from shared.engagement.memory import Lease
from shared.errors import Forbidden
from shared.publishers.access import active, no_credential, opens, require_scope
from shared.publishers.access_models import Caller, StoredSecret
from shared.publishers.access_repository import AccessRecords
from shared.publishers.credentials import Credential, Scope
from shared.publishers.rate_limits import WINDOW_SECONDS, Allowance

EVENT_REQUESTS_PER_WINDOW: Final = 60_000
"""Of one key: all the pages that it is written into, not one visitor."""
LEASED: Final = 500
"""What an isolate takes first in a minute; each time that it needs more, it takes twice as many."""
LEASED_MOST: Final = 8_000


@dataclass(frozen=True, slots=True)
class Poster:
    """A publisher that posts events, and whether it does so from a page."""

    caller: Caller
    is_page: bool


async def authenticated_poster(
    bindings: EngagementBindings, text: str | None, *, origin: str | None, now: datetime
) -> Poster:
    """Return who posts events with a key or an access token.

    Raises:
        Unauthenticated: It is none, not known, wrong, revoked or expired.
        Forbidden: The publisher is not active, the scope is missing, or the page is not one of
            those that the publishable key is for.
    """
    credential = Credential.parse(text) if text else None
    if credential is None or credential.kind == "oc":
        raise no_credential(text)
    stored = await _stored(bindings, credential, now)
    if stored is None or not opens(stored, credential, now):
        raise no_credential(text)
    caller = active(stored)
    if credential.kind != "pk":
        require_scope(caller, Scope.ENGAGEMENT_WRITE)
        return Poster(caller, is_page=False)
    if origin is None or origin not in stored.origins:
        raise Forbidden("the key may not be used from this origin")
    return Poster(caller, is_page=True)


async def is_known_origin(bindings: EngagementBindings, origin: str, now: datetime) -> bool:
    """Return whether some publishable key is for the pages of an origin."""
    entry = bindings.memory.origins.find(origin, now)
    if entry is not None:
        return entry.value
    async with bindings.databases.open() as db:
        is_known = await AccessRecords(db).is_known_origin(origin)
    bindings.memory.origins.keep(origin, is_known, now)
    return is_known


async def spend_event_request(
    bindings: EngagementBindings, caller: Caller, *, now: datetime
) -> Allowance:
    """Count a request against the key and return what it has left.

    Raises:
        RateLimited: It had nothing left.
    """
    window = now.replace(second=0, microsecond=0)
    lease = bindings.memory.leases.get(caller.limited_by)
    if lease is None or lease.window != window:
        lease = await _lease(bindings, caller.limited_by, window, LEASED)
    elif lease.left == 0 and lease.beyond > 0:
        most = min(2 * lease.taken, LEASED_MOST)
        lease = await _lease(bindings, caller.limited_by, window, most)
    is_allowed = lease.left > 0
    lease.left -= is_allowed
    allowance = Allowance(
        lease.left + lease.beyond, WINDOW_SECONDS - now.second, EVENT_REQUESTS_PER_WINDOW
    )
    if not is_allowed:
        raise allowance.refusal
    return allowance


async def _stored(
    bindings: EngagementBindings, credential: Credential, now: datetime
) -> StoredSecret | None:
    entry = bindings.memory.keys.find(credential.row_id, now)
    if entry is not None:
        return entry.value
    async with bindings.databases.open() as db:
        records = AccessRecords(db)
        read = records.stored_token if credential.kind == "at" else records.stored_key
        stored = await read(credential.row_id)
    bindings.memory.keys.keep(credential.row_id, stored, now)
    return stored


async def _lease(bindings: EngagementBindings, key_id: str, window: datetime, most: int) -> Lease:
    limit = EVENT_REQUESTS_PER_WINDOW
    async with bindings.databases.open() as db:
        used = await AccessRecords(db).count_request(
            f"{key_id}:events", window, most=limit + most, by=most
        )
    beyond = limit - used
    lease = Lease(window, most, left=max(0, most + min(0, beyond)), beyond=max(0, beyond))
    bindings.memory.leases[key_id] = lease
    return lease
