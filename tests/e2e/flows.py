"""What scenarios have in common: a sync by the daily cron, a refresh by the hourly one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.ports import JsonObject
from tests.e2e.target import Target

DAILY, HOURLY = "0 6 * * *", "0 * * * *"
_MINUTES: Iterator[int] = itertools.count(1)


def minute() -> datetime:
    """Return a minute that no cron was fired for yet: an instance id is made of it."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=next(_MINUTES))


async def complete(target: Target, run_id: str) -> JsonObject:
    """Return the summary of a run that has ended well."""
    run = await target.run(run_id)
    assert run["status"] == "complete", run
    return run


async def second_over(target: Target) -> None:
    """Wait until what happened is a second old: a sync's window ends before the second it runs."""
    happened = int((await target.shop.clock()).timestamp())
    await target.eventually(lambda: _is_later(target, happened))


async def sync(target: Target) -> None:
    """Sync by the daily cron."""
    await second_over(target)
    at = minute()
    await target.fire(DAILY, at)
    for name in ("products", "orders"):
        await complete(target, f"shopify-bulk-sync-{name}-{at:%Y%m%dT%H%MZ}")
    await target.settled()


async def refresh(target: Target) -> None:
    """Land what is accepted and measure it by the hourly cron."""
    await target.land()
    at = minute()
    await target.fire(HOURLY, at)
    await complete(target, f"measurement-refresh-{at:%Y%m%dT%H%MZ}")


async def _is_later(target: Target, second: int) -> bool:
    return (await target.shop.clock()).timestamp() >= second + 1
