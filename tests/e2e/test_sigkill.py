"""SIGKILL after each step of both Workflows: what a restart ends with is what no crash would."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from local.iceberg_rest import serve_catalog
from local.shopify.shops import generated_store

from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.measurement_tables import PERFORMANCE, SALES
from tests.e2e.crash_child import RUNS
from tests.fixtures.bulk_sync import TABLES
from tests.fixtures.shopify import ANCHOR, EmulatedShopify, ShopifyFactory

ROOT = Path(__file__).parents[2]
ORDERS = 120
PRIVATE = {"written_by", "version", "stream_pending_version", "computed_at", "first_seen_at"}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Stage:
    """One platform: its state directory and its database, at the one shop."""

    state: Path
    database: str
    shop: EmulatedShopify

    async def run(self, runner: Process, kill_after: str = "") -> int:
        """Run both Workflows until they end or their process dies; return its exit status."""
        request = {
            "directory": str(self.state),
            "database": self.database,
            "shop": self.shop.url,
            "token": self.shop.token,
            "kill_after": kill_after,
        }
        assert runner.stdin is not None
        assert runner.stdout is not None
        runner.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(240):
            return int(await runner.stdout.readline())

    def steps(self) -> list[tuple[str, str]]:
        """Return the Workflow and name of every step that was journalled, in their order."""
        with sqlite3.connect(self.state / "journal.sqlite") as journal:
            return journal.execute(
                "SELECT workflow, step FROM workflow_step WHERE step NOT LIKE 'wait-%'"
                " ORDER BY rowid"
            ).fetchall()

    async def rows(self) -> dict[str, Rows]:
        """Return every row of the database, without the writers' own columns."""
        connection = await asyncpg.connect(self.database)
        try:
            return {
                table: [
                    {name: value for name, value in row.items() if name not in PRIVATE}
                    for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1")
                ]
                for table in TABLES
            }
        finally:
            await connection.close()

    def lake(self) -> tuple[dict[str, Any], Rows, Rows]:
        """Return the events by id, the sales and the performance."""
        with serve_catalog(self.state / "lake", "catalog") as server:
            catalog = load_catalog(server.url, server.warehouse, server.token)
            events = catalog.load_table("commerce.telemetry").scan().to_arrow().to_pylist()
            newest = {event["event_id"]: event for event in events}
            for event in newest.values():
                del event["__ingest_ts"]
            sales = catalog.load_table(SALES).scan().to_arrow().to_pylist()
            measured = catalog.load_table(PERFORMANCE).scan().to_arrow().to_pylist()
            catalog.close()
        key = str
        return newest, sorted(sales, key=key), sorted(measured, key=key)

    def watermarks(self) -> dict[str, int]:
        """Return the watermarks."""
        with sqlite3.connect(self.state / "journal.sqlite") as journal:
            return dict(journal.execute("SELECT key, at FROM watermark").fetchall())


@pytest.fixture
async def runner() -> AsyncIterator[Process]:
    """The process that forks the ones that die."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.crash_child",
        stdin=PIPE,
        stdout=PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'workers'}"},
    )
    yield process
    process.kill()
    await process.communicate()


@pytest.mark.slow
async def test_kill_after_each_step(
    runner: Process,
    tmp_path: Path,
    new_database: Callable[[], Awaitable[str]],
    shopify_factory: ShopifyFactory,
) -> None:
    shop = shopify_factory(store=generated_store(seed=5, orders=ORDERS, anchor=ANCHOR))
    whole = Stage(tmp_path / "whole", await new_database(), shop)
    assert await whole.run(runner) == 0
    steps = [f"{workflow}:{step}" for workflow, step in whole.steps()]
    assert len(steps) > 15, steps

    killed = Stage(tmp_path / "killed", await new_database(), shop)
    deaths = 0
    for step in steps:
        deaths += await killed.run(runner, step) == -signal.SIGKILL
    assert await killed.run(runner) == 0
    assert deaths >= len(steps) - len(RUNS), "most steps were reached, and died at"

    assert await killed.rows() == await whole.rows()
    assert killed.lake() == whole.lake()
    marks = killed.watermarks()
    assert (
        marks.keys()
        == whole.watermarks().keys()
        == {
            "measurement_refreshed_at",
            "orders_last_watermark",
            "products_last_watermark",
        }
    )
