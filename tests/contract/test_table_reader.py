"""Both readers keep the contract: planned files here, the extension's in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from asyncio import to_thread
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.lake.readers import PlannedReader
from tests.contract.table_reader_checks import CHECKS, Subject
from tests.fixtures.lake import TOKEN, Lake
from tests.fixtures.measurement import Lab, event, product

CHILD = Path(__file__).with_name("table_reader_child.py")
ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_planned_reader(tmp_path: Path, check: Callable[[Subject], None]) -> None:
    catalog = SqlCatalog(
        "readers", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}"
    )
    check(Subject(PlannedReader(), catalog, tmp_path / "spill"))
    catalog.close()


def _child(lake: Lake, packages: Path, directory: Path) -> dict[str, Any]:
    paths = os.pathsep.join(map(str, (packages, ROOT, ROOT / "workers")))
    done = subprocess.run(
        [sys.executable, str(CHILD), lake.server.url, lake.server.warehouse, TOKEN, str(directory)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def test_extension_reader(lake: Lake, duckdb_with_iceberg: Path, tmp_path: Path) -> None:
    """Over the REST catalog; then our reader sees what the other DuckDB wrote and deleted."""
    lab = Lab(lake.catalog, DirectoryObjectStore(tmp_path / "objects"), tmp_path)
    lab.dimension = [product("prd_a"), product("prd_b")]
    lab.append([event("e1", "prd_a", NOON, quantity=3), event("e2", "prd_b", NOON)])
    (tmp_path / "request.json").write_text(json.dumps(await lab.request(DAY)), "utf-8")
    lab.objects.close()
    found = await to_thread(_child, lake, duckdb_with_iceberg, tmp_path)
    assert found["duckdb"].removeprefix("v") == "1.5.5"
    assert {name: text for name, text in found["failures"].items() if text} == {}
    await to_thread(lab.check, DAY)
    deleted = lake.catalog.load_table("contract.deleted")
    subject = Subject(PlannedReader(), lake.catalog, tmp_path / "spill")
    assert len(await to_thread(subject.rows, deleted, "n")) == 66
