"""Accepted events reach their Iceberg tables, in batches, once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from local.iceberg_faults import UNAVAILABLE, Fault
from local.lander import Lander, Rhythm

from shared.adapters.embedded.stream import Spool, SpooledStream
from shared.adapters.lake.commits import CommitGaveUp, Persistence
from shared.adapters.lake.compaction import Compaction
from shared.adapters.lake.maintenance import Upkeep
from shared.clock import FixedClock
from tests.contract.suites.event_stream import FULL, event
from tests.fixtures.lake import Lake

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUICK = Rhythm(poll=timedelta(milliseconds=10), roll=timedelta(seconds=10), events=4)


def _count(lake: Lake, stream: str = "commerce") -> int:
    return int(lake.catalog.load_table((stream, "telemetry")).scan().count())


def _snapshots(lake: Lake) -> int:
    return len(lake.catalog.load_table("commerce.telemetry").metadata.snapshots)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def _running(lander: Lander) -> AsyncIterator[None]:
    task = asyncio.create_task(lander.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def sync_event(number: int) -> dict[str, object]:
    return {
        "event_id": f"evt_{number}",
        "occurred_at": "2026-11-20T12:00:00Z",
        "source_version_at": "2026-11-20T12:00:00Z",
        "event_type": "step_completed",
        "workflow": "shopify-bulk-sync",
        "run_id": "run_1",
        "step": "poll",
        "started_at": "2026-11-20T12:00:00Z",
        "duration_ms": 5,
        "watermark_at": None,
    }


class TestFlush:
    """All that was accepted is in the tables when it returns."""

    async def test_each_field_lands_as_it_was_sent(self, lake: Lake) -> None:
        await lake.commerce.send([FULL, event(2, amount_minor=2**63 - 1)])
        assert await lake.lander.flush() == 2
        rows = lake.catalog.load_table("commerce.telemetry").scan().to_arrow().to_pylist()
        first, second = sorted(rows, key=lambda row: row["event_id"])
        assert first["product_title"] == FULL["product_title"]
        assert first["occurred_at"] == datetime(2026, 11, 20, 21, 30, 0, 123456, tzinfo=UTC)
        assert (first["discount_codes"], second["discount_codes"]) == (["A", "", "Ü"], [])
        assert second["amount_minor"] == 2**63 - 1
        assert first["is_test"] is True
        assert second["order_line_id"] is None

    async def test_streams_have_their_own_tables(self, lake: Lake) -> None:
        await lake.commerce.send([event(1), event(2)])
        await lake.sync.send([sync_event(1)])
        assert await lake.lander.flush() == 3
        assert await lake.lander.flush() == 0
        counts = [_count(lake, stream) for stream in ("commerce", "publication", "sync")]
        assert counts == [2, 0, 1]

    async def test_the_ingest_time_is_when_it_was_accepted(self, lake: Lake) -> None:
        """A batch that spans midnight goes to two days' partitions."""
        clock = FixedClock(NOON)
        stream = SpooledStream(lake.journal, "commerce", clock)
        await stream.send([event(1)])
        clock.advance(timedelta(hours=13, microseconds=1))
        await stream.send([event(2), event(3)])
        await lake.lander.flush()
        table = lake.catalog.load_table("commerce.telemetry")
        rows = table.scan(selected_fields=("event_id", "__ingest_ts")).to_arrow().to_pylist()
        assert {row["event_id"]: row["__ingest_ts"] - NOON for row in rows} == {
            "evt_00001": timedelta(0),
            "evt_00002": timedelta(hours=13, microseconds=1),
            "evt_00003": timedelta(hours=13, microseconds=1),
        }
        assert len(list(table.scan().plan_files())) == 2
        assert len(table.metadata.snapshots) == 1

    async def test_a_batch_has_a_bounded_size(self, lake: Lake) -> None:
        for start in range(0, 10, 2):
            await lake.commerce.send([event(start), event(start + 1)])
        by_count = Lander(lake.journal, lake.catalog, rhythm=replace(QUICK, events=4))
        assert await by_count.flush() == 10
        assert _snapshots(lake) == 3
        for number in range(10, 13):
            await lake.commerce.send([event(number, sku="x" * 900)])
        by_size = Lander(lake.journal, lake.catalog, rhythm=replace(QUICK, size=1000))
        assert await by_size.flush() == 3
        assert _snapshots(lake) == 6
        assert _count(lake) == 13

    async def test_a_refused_commit_loses_nothing(self, lake: Lake) -> None:
        lake.server.faults.add(UNAVAILABLE, times=2)
        await lake.commerce.send([event(1)])
        few = Persistence(attempts=2, first_wait=0)
        with pytest.raises(CommitGaveUp):
            await Lander(lake.journal, lake.catalog, persistence=few).flush()
        await lake.commerce.send([event(2)])
        assert await lake.lander.flush() == 2
        assert _count(lake) == 2

    async def test_two_landers_land_once(self, lake: Lake) -> None:
        for number in range(20):
            await lake.commerce.send([event(number)])
        landers = [Lander(lake.journal, lake.catalog, rhythm=QUICK) for _ in range(2)]
        await asyncio.gather(*(lander.flush() for lander in landers))
        assert _count(lake) == 20


class TestRun:
    """A batch rolls when it is large or old, and an outage only delays."""

    async def test_a_batch_waits_for_its_time(self, lake: Lake) -> None:
        clock = FixedClock(NOON)
        stream = SpooledStream(lake.journal, "commerce", clock)
        async with _running(Lander(lake.journal, lake.catalog, clock=clock, rhythm=QUICK)):
            await stream.send([event(1)])
            await asyncio.sleep(0.1)
            assert await asyncio.to_thread(_count, lake) == 0
            clock.advance(timedelta(seconds=10))
            await _until(lambda: _count(lake) == 1)

    async def test_a_full_batch_does_not_wait(self, lake: Lake) -> None:
        clock = FixedClock(NOON)
        stream = SpooledStream(lake.journal, "commerce", clock)
        async with _running(Lander(lake.journal, lake.catalog, clock=clock, rhythm=QUICK)):
            await stream.send([event(n) for n in range(4)])
            await _until(lambda: _count(lake) == 4)

    async def test_one_stream_that_fails_does_not_hold_up_another(self, lake: Lake) -> None:
        lake.catalog.rename_table("commerce.telemetry", "commerce.away")
        rhythm = Rhythm(poll=timedelta(milliseconds=10), roll=timedelta(milliseconds=50))
        await lake.commerce.send([event(1)])
        await lake.sync.send([sync_event(1)])
        async with _running(Lander(lake.journal, lake.catalog, rhythm=rhythm)):
            await _until(lambda: _count(lake, "sync") == 1)
            lake.catalog.rename_table("commerce.away", "commerce.telemetry")
            await _until(lambda: _count(lake) == 1)

    async def test_stopping_does_not_wait_for_a_catalog_that_is_down(self, lake: Lake) -> None:
        lake.server.faults.add(Fault("update_table", 429, retry_after=60), times=100)
        await lake.commerce.send([event(n) for n in range(4)])
        async with asyncio.timeout(5), _running(Lander(lake.journal, lake.catalog, rhythm=QUICK)):
            await _until(lambda: len(lake.server.faults.happened) == 1)
        lake.server.faults.clear()
        assert await lake.lander.flush() == 4
        assert _count(lake) == 4

    async def test_stopping_waits_for_what_has_begun(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = threading.Event()

        def slow(*_: object) -> None:
            begun.set()
            time.sleep(0.2)
            begun.clear()

        monkeypatch.setattr("local.lander.maintain", slow)
        rhythm = replace(QUICK, upkeep=timedelta(0))
        async with _running(Lander(lake.journal, lake.catalog, rhythm=rhythm)):
            await _until(begun.is_set)
        assert not begun.is_set()

    async def test_tables_are_looked_after(self, lake: Lake) -> None:
        for number in range(3):
            await lake.commerce.send([event(number)])
            await lake.lander.flush()
        rhythm = replace(QUICK, upkeep=timedelta(milliseconds=1))
        upkeep = Upkeep(Compaction(files=2), snapshots=1, reader_age=timedelta(0))

        def compacted() -> bool:
            table = lake.catalog.load_table("commerce.telemetry")
            return len(list(table.scan().plan_files())) == len(table.metadata.snapshots) == 1

        async with _running(Lander(lake.journal, lake.catalog, rhythm=rhythm, upkeep=upkeep)):
            await _until(compacted)
        assert _count(lake) == 3


class TestSpool:
    """What a batch is does not change once it was claimed."""

    async def test_a_claimed_batch_is_the_same_after_a_crash(self, lake: Lake) -> None:
        spool = Spool(lake.journal)
        await lake.commerce.send([event(1)])
        batch = spool.claim("commerce", events=100, size=10**6)
        assert batch is not None
        await lake.commerce.send([event(2)])
        again = Spool(lake.journal).claim("commerce", events=1, size=1)
        assert again == batch
        spool.discard(batch)
        rest = spool.claim("commerce", events=100, size=10**6)
        assert rest is not None
        assert rest.id != batch.id
        assert b"evt_00002" in rest.sends[0].lines

    async def test_one_stream_does_not_see_another(self, lake: Lake) -> None:
        await lake.commerce.send([event(1)])
        spool = Spool(lake.journal)
        assert spool.claim("sync", events=1, size=1) is None
        assert spool.backlog("sync").events == 0
        assert spool.backlog("commerce").events == 1
