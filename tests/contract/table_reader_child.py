"""Runs the reader contract, and a refresh, in a process whose DuckDB has extensions.

Run as `python table_reader_child.py <url> <warehouse> <token> <directory>` with that DuckDB and
the project on PYTHONPATH; prints what went wrong in each check as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from pathlib import Path

import duckdb

from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.extension_reader import CatalogAccess, ExtensionReader
from shared.adapters.lake.measurement import STAGES, LakeMeasurement
from tests.contract.table_reader_checks import CHECKS, DAY, Subject, append, numbers


def deleted_rows_stay_deleted(subject: Subject) -> None:
    """The extension deletes by position: rows of planned files are told apart from them."""
    table = numbers(subject, "deleted")
    append(table, *({"day": DAY, "n": n} for n in range(100)))
    with subject.session() as session:
        session.execute("DELETE FROM lake.contract.deleted WHERE n % 3 = 0")
    table = table.refresh()
    kept = sorted(((n,) for n in range(100) if n % 3), key=repr)
    assert any(task.delete_files for task in table.scan().plan_files())
    assert subject.rows(table, "n") == kept


def the_extension_reads_the_same(subject: Subject) -> None:
    table = numbers(subject, "attached")
    append(table, {"day": DAY, "n": 1})
    first = table.refresh().current_snapshot()
    append(table, {"day": DAY, "n": 2})
    assert isinstance(subject.reader, ExtensionReader)
    assert first is not None
    for snapshot_id, rows in ((None, [(1,), (2,)]), (first.snapshot_id, [(1,)])):
        with subject.session() as session:
            subject.reader.bind_attached(
                session, "v", table.refresh(), columns=["n"], snapshot_id=snapshot_id
            )
            assert session.sql("SELECT n FROM v ORDER BY n").fetchall() == rows


async def refreshed(subject: Subject, directory: Path) -> None:
    """Run the refresh that the parent left in `request.json`."""
    objects = DirectoryObjectStore(directory / "objects")
    engine = LakeMeasurement(subject.catalog, objects, directory / "child", reader=subject.reader)
    request = json.loads((directory / "request.json").read_text("utf-8"))
    for stage in STAGES:
        await engine.refresh(stage, request)
    assert (await engine.query("performance", {"sort": "product_name"}))["items"]
    objects.close()


def failure(check: object, *arguments: object) -> str | None:
    try:
        check(*arguments)  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - told to the parent
        return traceback.format_exc()
    return None


def main(url: str, warehouse: str, token: str, directory: Path) -> None:
    with load_catalog(url, warehouse, token) as catalog:
        reader = ExtensionReader(CatalogAccess(url, warehouse, token))
        subject = Subject(reader, catalog, directory / "spill")
        checks = [*CHECKS.values(), deleted_rows_stay_deleted, the_extension_reads_the_same]
        found = {check.__name__: failure(check, subject) for check in checks}
        found["refreshed"] = failure(lambda: asyncio.run(refreshed(subject, directory)))
    print(json.dumps({"duckdb": duckdb.__version__, "failures": found}))  # noqa: T201 - read by the parent


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
