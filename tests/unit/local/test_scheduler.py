"""The local cron fires each due minute once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from local.scheduler import Scheduler

from shared.adapters.embedded.journal import Journal
from shared.clock import FixedClock

SIX = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


@pytest.fixture
def fired() -> list[tuple[str, datetime]]:
    return []


def scheduler(
    journal: Journal, clock: FixedClock, fired: list[tuple[str, datetime]], *crons: str
) -> Scheduler:
    async def fire(cron: str, minute: datetime) -> None:
        fired.append((cron, minute))
        if cron == "1 6 * * *":
            raise RuntimeError("no")

    return Scheduler(journal, crons, fire, clock=clock)


async def test_a_minute_fires_once_whatever_looks_at_it(
    journal: Journal, fired: list[tuple[str, datetime]]
) -> None:
    clock = FixedClock(SIX + timedelta(seconds=10))
    for _ in range(2):  # as after a restart within the minute
        cron = scheduler(journal, clock, fired, "0 6 * * *", "0 * * * *", "0 7 * * *")
        last = await cron.tick(SIX - timedelta(minutes=1))
        assert await cron.tick(last) == SIX
    assert fired == [("0 6 * * *", SIX), ("0 * * * *", SIX)]


async def test_minutes_that_a_busy_loop_missed_are_fired_late(
    journal: Journal, fired: list[tuple[str, datetime]]
) -> None:
    clock = FixedClock(SIX + timedelta(minutes=12, seconds=40))
    await scheduler(journal, clock, fired, "*/5 * * * *").tick(SIX)
    assert [minute.minute for _, minute in fired] == [5, 10]


async def test_what_was_missed_for_hours_is_not_fired_in_a_burst(
    journal: Journal, fired: list[tuple[str, datetime]]
) -> None:
    await scheduler(journal, FixedClock(SIX), fired, "0 * * * *").tick(SIX - timedelta(hours=9))
    assert [minute for _, minute in fired] == [SIX]


async def test_a_clock_set_back_fires_nothing_again(
    journal: Journal, fired: list[tuple[str, datetime]]
) -> None:
    clock = FixedClock(SIX)
    cron = scheduler(journal, clock, fired, "0 * * * *")
    last = await cron.tick(SIX - timedelta(minutes=1))
    clock.at = SIX - timedelta(minutes=30)
    assert await cron.tick(last) == SIX
    assert len(fired) == 1


async def test_one_that_fails_keeps_no_other_from_firing(
    journal: Journal, fired: list[tuple[str, datetime]]
) -> None:
    clock = FixedClock(SIX + timedelta(minutes=1))
    await scheduler(journal, clock, fired, "1 6 * * *", "* * * * *").tick(SIX)
    assert [cron for cron, _ in fired] == ["1 6 * * *", "* * * * *"]
