"""The rules of health: how old a sync or a refresh may be, and what must answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.clock import Clock, format_instant, parse_instant
from shared.commissions.audit import look_over_ledger
from shared.health.models import Health, HealthCheck
from shared.ports import Databases, JsonObject, ObjectStore, Watermarks

SYNC_AGE_MAX: Final = timedelta(hours=26)
"""The daily sync, and two hours for it to run."""
REFRESH_AGE_MAX: Final = timedelta(hours=2)
REFRESHED_AT: Final = "measurement_refreshed_at"
"""When the last good refresh ended, beside the watermarks: its summary is one of the last runs of
any kind, and others may crowd it out."""
RUNS_LOOKED_AT: Final = 200
DEAD_LETTERS: Final = "dead-letters/"

_logger = logging.getLogger(__name__)
Check = Callable[[], Awaitable[HealthCheck]]


def age_check(name: str, at: datetime | None, *, limit: timedelta, now: datetime) -> HealthCheck:
    """Return how something that must happen regularly is: degraded if never, or too long ago."""
    if at is None:
        return HealthCheck(name=name, status="degraded", detail="has not run yet")
    late = now - at > limit
    detail = f"last good one at {format_instant(at)}"
    if late:
        detail += f", more than {limit // timedelta(hours=1)} h ago"
    return HealthCheck(
        name=name, status="degraded" if late else "ok", detail=detail, observed_at=at
    )


async def guarded(name: str, check: Check) -> HealthCheck:
    """Return the check, or that what it looks at does not answer."""
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, health must be able to say it
        _logger.warning("health check failed", extra={"check": name, "error": type(error).__name__})
        return HealthCheck(name=name, status="down", detail="does not answer")


async def database_check(databases: Databases) -> HealthCheck:
    """Return whether PostgreSQL answers."""
    async with databases.open() as db:
        await db.fetch_value("SELECT 1")
    return HealthCheck(name="database", status="ok", detail="answers")


async def ingest_health(
    databases: Databases, watermarks: Watermarks, objects: ObjectStore, clock: Clock
) -> Health:
    """Return how ingest is: its database, its syncs and refresh, dead letters, ledger."""
    now = clock.now()

    async def synced(name: str) -> HealthCheck:
        at = await watermarks.read(f"{name}_last_watermark")
        return age_check(f"{name} sync", at, limit=SYNC_AGE_MAX, now=now)

    async def refreshed() -> HealthCheck:
        if (at := await watermarks.read(REFRESHED_AT)) is None:
            at = last_good(await watermarks.runs(limit=RUNS_LOOKED_AT), "measurement-refresh")
        return age_check("measurement refresh", at, limit=REFRESH_AGE_MAX, now=now)

    checks = [
        await guarded("database", lambda: database_check(databases)),
        await guarded("orders sync", lambda: synced("orders")),
        await guarded("products sync", lambda: synced("products")),
        await guarded("measurement refresh", refreshed),
        await guarded("dead letters", lambda: _dead_letters(objects)),
        await guarded("ledger", lambda: _ledger(databases, watermarks, now)),
    ]
    return Health.of(checks, now)


def last_good(runs: Sequence[JsonObject], workflow: str) -> datetime | None:
    """Return when the newest good run of a Workflow ended."""
    for run in runs:
        if run.get("workflow") == workflow and run.get("status") == "complete":
            return parse_instant(str(run["finished_at"]))
    return None


async def _dead_letters(objects: ObjectStore) -> HealthCheck:
    page = await objects.list(prefix=DEAD_LETTERS, limit=1)
    if page.objects:
        detail = f"there are some; the first is {page.objects[0].key}"
        return HealthCheck(name="dead letters", status="degraded", detail=detail)
    return HealthCheck(name="dead letters", status="ok", detail="none")


async def _ledger(databases: Databases, watermarks: Watermarks, now: datetime) -> HealthCheck:
    found = await look_over_ledger(databases, watermarks, now)
    at = found.right_until
    if found.wrong:
        detail = f"does not add up: {', '.join(found.wrong)}"
        return HealthCheck(name="ledger", status="degraded", detail=detail, observed_at=at)
    detail = f"adds up until {format_instant(at)}" if at else "nothing is booked yet"
    return HealthCheck(name="ledger", status="ok", detail=detail, observed_at=at)
