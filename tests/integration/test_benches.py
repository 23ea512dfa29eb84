"""The benches still run; what they measure is no matter of tests."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from bench.lake import event_batches, open_lake
from bench.refresh_plain import PERFORMANCE, SALES, digests, refresh_plainly
from bench.staff_api import measure_lists
from bench.targets import TARGETS
from bench.timing import Samples
from tests.fixtures.staff_lists import LISTS

ROOT = Path(__file__).parents[2]


def test_plain_duckdb_comes_to_the_result_of_the_refresh(tmp_path: Path) -> None:
    with open_lake(tmp_path / "lake") as lake:
        for _, files in event_batches(lake, events=4_000, days=4):
            lake.append(files)
        request = asyncio.run(lake.request("run", full=True))
        asyncio.run(lake.refresh(request))
        refresh_plainly(lake.event_files(), lake.dimension, tmp_path, request=request)
        with duckdb.connect() as session:
            plain = digests(session, f"'{tmp_path / SALES}'", f"'{tmp_path / PERFORMANCE}'")
        assert lake.digests() == plain
        assert plain[0][0] > 100
        assert plain[1][0] == 50_000


@pytest.mark.slow
async def test_the_bench_of_lists_times_all_of_them(tmp_path: Path, database_url: str) -> None:
    outcome = await measure_lists(tmp_path, database_url, quick=True)
    labels = [label for label, _ in outcome.rows]
    for listing in LISTS:
        assert any(label.startswith(f"{listing.method} {listing.path}, ") for label in labels)
    assert outcome.figures["staff_api.slowest_p99_ms"] > 0


def test_an_unknown_bench_is_named_in_one_line() -> None:
    command = [sys.executable, "-m", "bench", "sunc"]
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'workers'}"}
    done = subprocess.run(
        command, env=os.environ | paths, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("no bench is called 'sunc'; there are sync, refresh, history")
    assert done.stderr.count("\n") == 1


def test_ratios_are_taken_round_by_round() -> None:
    slow, fast = Samples([2.0, 30.0, 4.0]), Samples([1.0, 10.0, 2.0])
    assert slow.over(fast).values == [2.0, 3.0, 2.0]
    assert slow.over(fast).median == 2.0


def test_targets_know_which_direction_is_good() -> None:
    assert TARGETS["sync.floor_ratio"].is_met(0.7)
    assert not TARGETS["sync.floor_ratio"].is_met(0.69)
    assert TARGETS["refresh.duckdb_ratio"].is_met(1.2)
    assert not TARGETS["refresh.duckdb_ratio"].is_met(1.21)
