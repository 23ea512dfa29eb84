"""What every reader of Iceberg tables promises; each check makes a table of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from shared.adapters.lake.partitions import write_days
from shared.adapters.lake.predicates import at_least, equal
from shared.adapters.lake.readers import TableReader
from shared.adapters.lake.sessions import EngineLimits, open_session

Rows = list[tuple[Any, ...]]
DAY = date(2026, 3, 8)
AT = datetime(2026, 3, 8, 23, 59, 59, 123456, tzinfo=UTC)


class Subject:
    """A reader, the catalog it reads from, and where its sessions may spill."""

    def __init__(self, reader: TableReader, catalog: Catalog, spill: Path) -> None:
        self.reader = reader
        self.catalog = catalog
        self.spill = spill

    @contextmanager
    def session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        limits = EngineLimits(memory="256MB", threads=2)
        with open_session(self.spill, limits, self.reader.prepare) as session:
            yield session

    def rows(self, table: Table, *columns: str, **options: Any) -> Rows:
        with self.session() as session:
            self.reader.bind(session, "v", table, columns=columns, **options)
            found = session.sql("SELECT * FROM v").to_arrow_table().to_pylist()
        return sorted((tuple(row[c] for c in columns) for row in found), key=repr)

    def table(self, name: str, schema: Schema, *, by_day: bool = False) -> Table:
        spec = UNPARTITIONED_PARTITION_SPEC
        if by_day:
            spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "day"))
        self.catalog.create_namespace_if_not_exists("contract")
        with suppress(NoSuchTableError):
            self.catalog.drop_table(f"contract.{name}")
        return self.catalog.create_table(f"contract.{name}", schema, partition_spec=spec)


def numbers(subject: Subject, name: str) -> Table:
    schema = Schema(
        NestedField(1, "day", DateType(), required=True),
        NestedField(2, "n", IntegerType()),
        NestedField(3, "text", StringType()),
    )
    return subject.table(name, schema, by_day=True)


def append(table: Table, *rows: dict[str, Any]) -> None:
    made = pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow())
    files = write_days(table, made)
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as update:
        for file in files:
            update.append_data_file(file)


def every_type_is_read(subject: Subject) -> None:
    schema = Schema(
        NestedField(1, "day", DateType(), required=True),
        NestedField(2, "whole", LongType()),
        NestedField(3, "real", DoubleType()),
        NestedField(4, "flag", BooleanType()),
        NestedField(5, "at", TimestamptzType()),
        NestedField(6, "texts", ListType(7, StringType(), element_required=False)),
    )
    table = subject.table("types", schema, by_day=True)
    row = {"day": DAY, "whole": -(2**60), "real": 0.1, "flag": True, "at": AT, "texts": ["Ä", ""]}
    empty = {"day": DAY, "texts": []}
    append(table, row, empty)
    found = subject.rows(table, "texts", "at", "flag", "real", "whole", "day")
    assert found == [(["Ä", ""], AT, True, 0.1, -(2**60), DAY), ([], None, None, None, None, DAY)]


def an_empty_table_has_its_columns(subject: Subject) -> None:
    assert subject.rows(numbers(subject, "empty"), "n", "day") == []


def columns_follow_their_ids(subject: Subject) -> None:
    """A renamed column keeps its values, one that was dropped and added anew has none."""
    table = numbers(subject, "evolved")
    append(table, {"day": DAY, "n": 1, "text": "old"})
    with table.update_schema() as update:
        update.update_column("n", LongType())
        update.rename_column("n", "number")
        update.delete_column("text")
    with table.update_schema() as update:
        update.add_column("text", StringType())
    append(table, {"day": DAY, "number": 2**40, "text": "new"})
    assert subject.rows(table, "number", "text") == [(1, None), (2**40, "new")]


def a_snapshot_is_read_as_it_was(subject: Subject) -> None:
    table = numbers(subject, "history")
    append(table, {"day": DAY, "n": 1})
    first = table.refresh().current_snapshot()
    assert first is not None
    append(table, {"day": DAY, "n": 2})
    assert subject.rows(table.refresh(), "n", snapshot_id=first.snapshot_id) == [(1,)]
    assert subject.rows(table.refresh(), "n") == [(1,), (2,)]


def a_filter_lets_every_match_pass(subject: Subject) -> None:
    table = numbers(subject, "filtered")
    other = date(2026, 3, 9)
    append(table, {"day": DAY, "n": 1}, {"day": other, "n": 2})
    assert (2,) in subject.rows(table, "n", row_filter=equal("day", other.isoformat()))
    assert (1,) in subject.rows(table, "n", row_filter=at_least("day", DAY.isoformat()))


def added_files_are_read_alone(subject: Subject) -> None:
    table = numbers(subject, "added")
    append(table, {"day": DAY, "n": 1})
    first = table.refresh().current_snapshot()
    assert first is not None
    append(table, {"day": DAY, "n": 2})
    scan = table.refresh().incremental_append_scan(from_snapshot_id_exclusive=first.snapshot_id)
    with subject.session() as session:
        subject.reader.bind_tasks(session, "v", table, scan.plan_files(), columns=["n"])
        assert session.sql("SELECT n FROM v").fetchall() == [(2,)]


CHECKS: dict[str, Callable[[Subject], None]] = {
    check.__name__: check
    for check in (
        every_type_is_read,
        an_empty_table_has_its_columns,
        columns_follow_their_ids,
        a_snapshot_is_read_as_it_was,
        a_filter_lets_every_match_pass,
        added_files_are_read_alone,
    )
}
