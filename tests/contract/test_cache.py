"""The suite of `Cache` over the embedded adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.cache import JournalCache
from shared.adapters.embedded.journal import Journal
from shared.clock import FixedClock, SystemClock
from shared.ports import Cache
from tests.contract.suites import cache as suite


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Cache]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield JournalCache(journal, clock=SystemClock())
    journal.close()


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[Cache], Awaitable[None]], port: Cache) -> None:
    await case(port)


async def test_embedded_forgets_at_its_time_and_beyond_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.embedded.cache.ENTRIES_KEPT", 3)
    clock = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))
    journal = Journal(tmp_path / "journal.sqlite")
    cache = JournalCache(journal, clock=clock)
    for minutes in range(1, 6):
        await cache.put(f"m{minutes}", minutes, ttl=timedelta(minutes=minutes))
    assert [await cache.get(f"m{n}") for n in range(1, 6)] == [None, None, 3, 4, 5]
    clock.advance(timedelta(minutes=4))
    assert [await cache.get(f"m{n}") for n in range(3, 6)] == [None, None, 5]
    await cache.keep("kept", 1)
    for minutes in range(1, 5):
        await cache.put(f"m{minutes}", minutes, ttl=timedelta(minutes=minutes))
    clock.advance(timedelta(days=10_000))
    assert await cache.get("kept") == 1
    journal.close()
