"""One repetition of one way to bring the orders into PostgreSQL, in a process of its own.

`python -m bench.sync_contenders NAME URL READY_URL DIRECTORY` fills the database at URL, then does
it once more so that every row conflicts, and prints the seconds as JSON. Not counted is what comes
before the first statement: imports, connecting, and reading ready-made rows from READY_URL.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Final

import asyncpg
import orjson

from bench.sync_dlt import dlt_contender
from bench.sync_rows import TABLES, as_copied, columns_of
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.sync.order_load import OrderLoad
from shared.sync.replay import load_all

ARCHIVE_RUN: Final = "bench"
Seconds = dict[str, float]
Pass = Callable[[int], Awaitable[None]]


async def ours(url: str, _: str, directory: Path) -> Seconds:
    """Load the archive as a sync does: parse, roots, children, removals, lines of shipments."""
    store, databases = DirectoryObjectStore(directory), AsyncpgDatabases(url)

    async def load(number: int) -> None:
        orders = OrderLoad(
            databases,
            store,
            None,
            archive_run=ARCHIVE_RUN,
            written_by=f"run_{number}",
            timezone="UTC",
            loads=orjson.loads,
        )
        await load_all(orders)

    try:
        async with databases.open():
            pass  # connected before the clock starts, as every contender is
        return await _twice(load)
    finally:
        await databases.close()
        store.close()


async def floor(url: str, ready_url: str, _: Path) -> Seconds:
    """COPY ready-made rows into temporary tables and INSERT ... ON CONFLICT, in one transaction."""
    ready = await asyncpg.connect(ready_url)
    columns, rows = await columns_of(ready), await as_copied(ready)
    await ready.close()
    connection = await asyncpg.connect(url)

    async def load(_: int) -> None:
        async with connection.transaction():
            for table in TABLES:
                await connection.execute(
                    f"CREATE TEMP TABLE new_{table} (LIKE {table}) ON COMMIT DROP"
                )
                await connection.copy_to_table(f"new_{table}", source=_pieces(rows[table]))
                await connection.execute(_upsert(table, columns[table]))

    try:
        return await _twice(load)
    finally:
        await connection.close()


def _upsert(table: str, columns: dict[str, bool]) -> str:
    keys = ", ".join(name for name, is_key in columns.items() if is_key)
    updates = [f"{name} = excluded.{name}" for name, is_key in columns.items() if not is_key]
    action = f"UPDATE SET {', '.join(updates)}" if updates else "NOTHING"
    return f"INSERT INTO {table} SELECT * FROM new_{table} ON CONFLICT ({keys}) DO {action}"


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1 << 20):
        yield content[start : start + (1 << 20)]


async def _twice(load: Pass) -> Seconds:
    seconds = []
    for number in (1, 2):
        begun = time.perf_counter()
        await load(number)
        seconds.append(time.perf_counter() - begun)
    return {"fresh": seconds[0], "again": seconds[1]}


async def dlt_rows(url: str, ready_url: str, directory: Path) -> Seconds:
    """Let dlt merge dictionaries, as a source of it yields them, by its defaults."""
    return await _twice(await dlt_contender(url, ready_url, directory, is_arrow=False))


async def dlt_arrow(url: str, ready_url: str, directory: Path) -> Seconds:
    """Let dlt merge Arrow tables by way of CSV and COPY: the fastest that it offers."""
    return await _twice(await dlt_contender(url, ready_url, directory, is_arrow=True))


CONTENDERS: Final[dict[str, Callable[[str, str, Path], Coroutine[None, None, Seconds]]]] = {
    "ours": ours,
    "floor": floor,
    "dlt": dlt_rows,
    "dlt arrow": dlt_arrow,
}

if __name__ == "__main__":
    name, url, ready_url, directory = sys.argv[1:]
    print(json.dumps(asyncio.run(CONTENDERS[name](url, ready_url, Path(directory)))))
