"""DuckDB attaches to the same catalog, sees what landed and writes what others can read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from asyncio import to_thread
from pathlib import Path

from tests.contract.suites.event_stream import FULL, event
from tests.fixtures.lake import TOKEN, Lake

CHILD = Path(__file__).with_name("duckdb_child.py")


def _duckdb(lake: Lake, packages: Path) -> dict[str, list[list[object]]]:
    done = subprocess.run(
        [sys.executable, str(CHILD), lake.server.url, lake.server.warehouse, TOKEN],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, list[list[object]]] = json.loads(done.stdout)
    return seen


async def test_duckdb_reads_and_writes(lake: Lake, duckdb_with_iceberg: Path) -> None:
    await lake.commerce.send([FULL, event(2, discount_codes=["A"])])
    await lake.lander.flush()
    seen = await to_thread(_duckdb, lake, duckdb_with_iceberg)
    assert seen["events"] == [
        ["evt_00001", -3, ["A", "", "Ü"], "2026-11-20 21:30:00.123456+00"],
        ["evt_00002", 0, ["A"], "2026-11-20 12:00:00+00"],
    ]
    assert seen["made"] == [[2], [3]]
    made = lake.catalog.load_table("measurement.made").scan().to_arrow()
    assert sorted(made["n"].to_pylist()) == [2, 3]
