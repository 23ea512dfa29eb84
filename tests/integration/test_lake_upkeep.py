"""Upkeep changes how a table is stored, never what it says or what readers see as new."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation

from shared.adapters.lake import compaction
from shared.adapters.lake.compaction import Compaction, compact
from shared.adapters.lake.maintenance import Upkeep, expire_snapshots, maintain, remove_orphans
from tests.contract.suites.event_stream import event
from tests.fixtures.lake import Lake

NAME = ("commerce", "telemetry")
SMALL = Compaction(files=2)
EAGER = Upkeep(SMALL, 3, timedelta(hours=1), timedelta(0), timedelta(0))


async def _land(lake: Lake, *numbers: int) -> None:
    for number in numbers:
        await lake.commerce.send([event(number)])
        await lake.lander.flush()


def _table(lake: Lake) -> Table:
    return lake.catalog.load_table(NAME)


def _ids(table: Table) -> list[str]:
    return sorted(table.scan().to_arrow()["event_id"].to_pylist())


def _files(table: Table) -> int:
    return len(list(table.scan().plan_files()))


def _on_disk(table: Table, suffix: str) -> set[Path]:
    return {p for p in Path(urlsplit(table.location()).path).rglob(f"*{suffix}") if p.is_file()}


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=5)


async def test_small_files_become_one(lake: Lake) -> None:
    await _land(lake, *range(6))
    before = _table(lake)
    assert compact(lake.catalog, NAME, SMALL) == 5
    after = _table(lake)
    assert (_files(before), _files(after)) == (6, 1)
    assert after.scan().to_arrow().sort_by("event_id") == before.scan().to_arrow().sort_by(
        "event_id"
    )
    assert compact(lake.catalog, NAME, SMALL) == 0


async def test_a_compaction_brings_nothing_new_to_an_incremental_reader(lake: Lake) -> None:
    await _land(lake, 1, 2)
    seen = _table(lake).current_snapshot()
    assert seen is not None
    compact(lake.catalog, NAME, SMALL)
    await _land(lake, 3)
    table = _table(lake)
    scan = table.incremental_append_scan(from_snapshot_id_exclusive=seen.snapshot_id)
    assert scan.to_arrow()["event_id"].to_pylist() == ["evt_00003"]
    operations = [s.summary.operation for s in table.metadata.snapshots if s.summary]
    assert operations == [Operation.APPEND, Operation.APPEND, Operation.REPLACE, Operation.APPEND]


async def test_an_append_meanwhile_is_kept(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append commits between the compaction's plan and its commit."""
    await _land(lake, 1, 2)
    write = compaction.write_files
    loop = asyncio.get_running_loop()

    def interrupted(table: Table, rows: object) -> object:
        asyncio.run_coroutine_threadsafe(_land(lake, 3), loop).result(20)
        return write(table, rows)

    monkeypatch.setattr(compaction, "write_files", interrupted)
    assert await asyncio.to_thread(compact, lake.catalog, NAME, SMALL) == 1
    table = _table(lake)
    assert _ids(table) == ["evt_00001", "evt_00002", "evt_00003"]
    assert _files(table) == 2


async def test_of_two_compactions_one_wins(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    await _land(lake, 1, 2, 3)
    write = compaction.write_files

    def interrupted(table: Table, rows: object) -> object:
        monkeypatch.setattr(compaction, "write_files", write)
        assert compact(lake.catalog, NAME, SMALL) == 2
        return write(table, rows)

    monkeypatch.setattr(compaction, "write_files", interrupted)
    assert compact(lake.catalog, NAME, SMALL) == 0
    table = _table(lake)
    assert _ids(table) == ["evt_00001", "evt_00002", "evt_00003"]
    live = {Path(urlsplit(task.file.file_path).path) for task in table.scan().plan_files()}
    assert len(_on_disk(table, ".parquet") - live) == 3, "the loser's file is gone"


async def test_large_files_and_few_files_are_left_alone(lake: Lake) -> None:
    await _land(lake, 1, 2, 3)
    assert compact(lake.catalog, NAME, Compaction(small=1, files=2)) == 0
    assert compact(lake.catalog, NAME, Compaction(files=4)) == 0
    assert compact(lake.catalog, NAME, Compaction(files=2, size=1)) == 0
    assert _files(_table(lake)) == 3


async def test_snapshots_expire_by_number_and_age(lake: Lake) -> None:
    await _land(lake, *range(6))
    by_number = Upkeep(snapshots=4, reader_age=timedelta(0))
    assert expire_snapshots(lake.catalog, NAME, by_number, _later()) == 2
    assert expire_snapshots(lake.catalog, NAME, by_number, _later()) == 0
    assert expire_snapshots(lake.catalog, NAME, Upkeep(), _later()) == 0
    by_age = Upkeep(snapshot_age=timedelta(seconds=1), reader_age=timedelta(0))
    assert expire_snapshots(lake.catalog, NAME, by_age, _later()) == 3
    table = _table(lake)
    assert [s.snapshot_id for s in table.metadata.snapshots] == [table.metadata.current_snapshot_id]
    assert _ids(table) == [f"evt_{n:05}" for n in range(6)]


async def test_the_last_snapshot_of_a_quiet_time_is_kept(lake: Lake) -> None:
    """An incremental reader has read it; a new append must not make it vanish."""
    await _land(lake, 1)
    await asyncio.sleep(0.5)
    await _land(lake, 2)
    snapshot = _table(lake).current_snapshot()
    assert snapshot is not None
    succeeded_at = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
    quiet = Upkeep(snapshot_age=timedelta(milliseconds=300), reader_age=timedelta(0))
    for waited, expired in ((200, 0), (400, 1)):
        now = succeeded_at + timedelta(milliseconds=waited)
        assert expire_snapshots(lake.catalog, NAME, quiet, now) == expired


async def test_a_snapshot_that_may_be_read_is_kept(lake: Lake) -> None:
    await _land(lake, 1, 2, 3)
    assert expire_snapshots(lake.catalog, NAME, Upkeep(snapshots=1), _later()) == 0


async def test_only_old_files_that_nothing_refers_to_are_removed(lake: Lake) -> None:
    await _land(lake, *range(4))
    table = _table(lake)
    stray = Path(urlsplit(table.location()).path) / "data" / "stray.parquet"
    stray.write_bytes(b"left by a crash")
    assert remove_orphans(table, datetime.now(UTC) - timedelta(days=1)) == 0
    os.utime(stray, (0, 0))
    assert remove_orphans(table, datetime.now(UTC) - timedelta(days=1)) == 1
    assert not stray.exists()
    assert remove_orphans(table, _later()) == 0
    maintain(lake.catalog, NAME, EAGER, _later())
    table = _table(lake)
    assert _ids(table) == [f"evt_{n:05}" for n in range(4)]
    for snapshot in table.metadata.snapshots:
        assert table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows > 0


async def test_upkeep_bounds_what_is_on_disk(lake: Lake) -> None:
    sizes = []
    for start in range(0, 24, 6):
        await _land(lake, *range(start, start + 6))
        maintain(lake.catalog, NAME, EAGER, _later())
        sizes.append(len(_on_disk(_table(lake), "")))
    assert _ids(_table(lake)) == [f"evt_{n:05}" for n in range(24)]
    assert sizes[3] <= sizes[2], "a steady table does not grow"
    assert len(_on_disk(_table(lake), ".parquet")) <= 12
