"""Bench of the bulk sync's load: archive to tables, against a floor and against dlt."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
from local.postgres import PostgresServer, migrate, start_postgres

from bench.shop_archive import render_archive
from bench.sync_contenders import ARCHIVE_RUN, CONTENDERS
from bench.sync_dlt import DATASET
from bench.sync_rows import TABLES, fingerprint
from bench.timing import Outcome, Samples, interleaved
from shared.adapters.embedded.object_store import DirectoryObjectStore

ORDERS: Final = 20_000
QUICK_ORDERS: Final = 1_000
ROUNDS: Final = 3
READY: Final = "ready"


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: Small and once: shows that it runs, and measures nothing.
    """
    orders, rounds = (QUICK_ORDERS, 1) if quick else (ORDERS, ROUNDS)
    store = DirectoryObjectStore(directory / "objects")
    size = asyncio.run(render_archive(store, ARCHIVE_RUN, orders=orders))
    store.close()
    server = start_postgres(directory / "postgres")
    try:
        migrate(server.url)
        lab = _Lab(server, directory)
        lab.repeat("ours", READY, 0)
        counts = {table: n for table, (n, _) in lab.expected().items()}
        found = interleaved({name: partial(lab.measure, name) for name in CONTENDERS}, rounds)
    finally:
        server.stop()
    return _outcome(found, counts, size, orders)


class _Lab:
    """The server on which every contender gets a fresh database, and the right result."""

    def __init__(self, server: PostgresServer, directory: Path) -> None:
        self._server, self._directory = server, directory
        self._expected: dict[str, tuple[int, int]] = {}

    def expected(self) -> dict[str, tuple[int, int]]:
        """Return count and checksum of each table as our load leaves them."""
        if not self._expected:
            self._expected = asyncio.run(self._fingerprint(READY))
        return self._expected

    def measure(self, name: str, number: int) -> dict[str, float]:
        """Run a contender in a fresh database, and check that it wrote what we write."""
        database = "contender"
        seconds = self.repeat(name, database, number)
        asyncio.run(self._check(name, database))
        return seconds

    def repeat(self, name: str, database: str, _: int) -> dict[str, float]:
        """Run a contender in a fresh database."""
        asyncio.run(self._fresh(database))
        command = [sys.executable, "-m", "bench.sync_contenders", name]
        urls = [self._server.database_url(database), self._server.database_url(READY)]
        done = subprocess.run(
            [*command, *urls, str(self._directory / "objects")],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return seconds

    async def _fresh(self, database: str) -> None:
        admin = await asyncpg.connect(self._server.database_url("postgres"))
        await admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE commerce STRATEGY file_copy")
        await admin.execute("CHECKPOINT")
        await admin.close()

    async def _fingerprint(self, database: str) -> dict[str, tuple[int, int]]:
        connection = await asyncpg.connect(self._server.database_url(database))
        found = await fingerprint(connection)
        await connection.close()
        return dict(found)

    async def _check(self, name: str, database: str) -> None:
        if not name.startswith("dlt"):
            assert await self._fingerprint(database) == self.expected(), f"{name} wrote other rows"
            return
        connection = await asyncpg.connect(self._server.database_url(database))
        for table, (rows, _) in self.expected().items():
            if rows:
                count = await connection.fetchval(f"SELECT count(*) FROM {DATASET}.{table}")
                assert count == rows, f"{name} wrote {count} rows of {rows} to {table}"
        await connection.close()


def _outcome(
    found: dict[str, dict[str, Samples]], counts: dict[str, int], size: int, orders: int
) -> Outcome:
    fresh = {name: samples["fresh"] for name, samples in found.items()}
    again = {name: samples["again"] for name, samples in found.items()}
    mine = fresh["ours"]
    rows = [
        (f"{name}, {kind}", f"{samples[name]} s")
        for name in CONTENDERS
        for kind, samples in (("fresh", fresh), ("all rows conflict", again))
    ]
    rows += [
        ("speed relative to the floor, all rows conflict", str(again["floor"].over(again["ours"]))),
        ("speed relative to dlt, all rows conflict", str(again["dlt"].over(again["ours"]))),
        ("speed relative to dlt with Arrow and COPY, fresh", str(fresh["dlt arrow"].over(mine))),
    ]
    total = sum(counts.values())
    return Outcome(
        title="Sync: archive to tables",
        figures={
            "sync.floor_ratio": fresh["floor"].over(mine).median,
            "sync.dlt_ratio": fresh["dlt"].over(mine).median,
        },
        rows=rows,
        notes=(
            (
                f"{orders} orders with {counts['order_line_item']} lines, an archive of"
                f" {size / 1e6:.0f} MB, become {total} rows of {len(TABLES)} tables."
            ),
            (
                "Ours reads the archive and does everything that a sync does between download and"
                " enrichment; agreements (edits, refunds by line) are not part of it."
            ),
            (
                "The floor and dlt get the rows ready-made. The floor writes the same tables"
                " with the same indexes; dlt writes tables of its own, which have fewer."
            ),
            (
                "The same embedded PostgreSQL with the settings of the local platform for"
                " all, a fresh database and a process of its own for each repetition."
            ),
        ),
    )
