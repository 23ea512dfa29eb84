"""The peer of the sync bench: dlt's merge into PostgreSQL with its `upsert` strategy."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import asyncpg
import pyarrow as pa

from bench.sync_rows import TABLES, as_values, columns_of

DATASET: Final = "merged"
Rows = list[dict[str, Any]]


async def dlt_contender(
    url: str, ready_url: str, directory: Path, *, is_arrow: bool
) -> Callable[[int], Awaitable[None]]:
    """Return what merges the ready-made rows of every table into the dataset `merged`.

    Args:
        url: The database.
        ready_url: Where the rows are.
        directory: Where dlt may keep its files.
        is_arrow: Give it Arrow tables and let it COPY, instead of dictionaries and its defaults.
    """
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    import dlt  # noqa: PLC0415 - only this contender pays for it

    ready = await asyncpg.connect(ready_url)
    keys = {
        table: [name for name, is_key in columns.items() if is_key]
        for table, columns in (await columns_of(ready)).items()
    }
    rows = {table: found for table, found in (await as_values(ready)).items() if found}
    await ready.close()
    tables: Mapping[str, Any] = {t: _arrow(r) for t, r in rows.items()} if is_arrow else rows
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(url),
        dataset_name=DATASET,
        pipelines_dir=tempfile.mkdtemp(dir=directory, prefix="dlt-"),
    )

    async def load(_: int) -> None:
        resources = [
            dlt.resource(
                [tables[table]] if is_arrow else tables[table],
                name=table,
                primary_key=keys[table],
                write_disposition={"disposition": "merge", "strategy": "upsert"},
                max_table_nesting=0,
            )
            for table in TABLES
            if table in tables
        ]
        if is_arrow:
            pipeline.run(resources, loader_file_format="csv")
        else:
            pipeline.run(resources)

    return load


def _arrow(rows: Rows) -> pa.Table:
    """Return the rows as a table; what is a list or an object in JSON is its text."""
    flat = [
        {
            name: json.dumps(value) if isinstance(value, list | dict) else value
            for name, value in row.items()
        }
        for row in rows
    ]
    return pa.Table.from_pylist(flat)
