"""Gives DuckDB an Iceberg table to read: planned by pyiceberg, scanned by DuckDB itself.

DuckDB reads the planned Parquet files by field id, as fast as bare files and right under schema
evolution; rows that position deletes name are taken out by an anti-join. What that cannot
express (deletion vectors) is read by pyiceberg.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import duckdb
from pyiceberg.expressions import BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from shared.adapters.lake.predicates import EVERY_ROW

_DUCKDB_TYPES: Final[dict[type[IcebergType], str]] = {
    BooleanType: "BOOLEAN",
    DateType: "DATE",
    DoubleType: "DOUBLE",
    IntegerType: "INTEGER",
    LongType: "BIGINT",
    StringType: "VARCHAR",
    TimestamptzType: "TIMESTAMPTZ",
}


class TableReader(Protocol):
    """Makes a relation of a table, or of some of its files, in a DuckDB session."""

    def bind(
        self,
        session: duckdb.DuckDBPyConnection,
        view: str,
        table: Table,
        *,
        columns: Sequence[str],
        snapshot_id: int | None = None,
        row_filter: BooleanExpression = EVERY_ROW,
    ) -> None:
        """Create the view over a snapshot. It may hold more rows than the filter lets pass."""
        ...

    def bind_tasks(
        self,
        session: duckdb.DuckDBPyConnection,
        view: str,
        table: Table,
        tasks: Iterable[FileScanTask],
        *,
        columns: Sequence[str],
    ) -> None:
        """Create the view over these planned files."""
        ...


class PlannedReader:
    """Reads planned files with `read_parquet`, position deletes applied."""

    def bind(
        self,
        session: duckdb.DuckDBPyConnection,
        view: str,
        table: Table,
        *,
        columns: Sequence[str],
        snapshot_id: int | None = None,
        row_filter: BooleanExpression = EVERY_ROW,
    ) -> None:
        """Create the view over a snapshot. It may hold more rows than the filter lets pass."""
        tasks: Iterable[FileScanTask] = ()
        if snapshot_id is not None or table.current_snapshot() is not None:
            tasks = table.scan(row_filter=row_filter, snapshot_id=snapshot_id).plan_files()
        self.bind_tasks(session, view, table, tasks, columns=columns)

    def bind_tasks(
        self,
        session: duckdb.DuckDBPyConnection,
        view: str,
        table: Table,
        tasks: Iterable[FileScanTask],
        *,
        columns: Sequence[str],
    ) -> None:
        """Create the view over these planned files."""
        planned = list(tasks)
        schema = table.schema().select(*columns)
        ordered = Schema(*(schema.find_field(name) for name in columns))
        if any(map(_needs_iceberg, planned)):
            self._bind_arrow(session, view, table, planned, ordered)
            return
        source = self.scan_sql(planned, ordered) if planned else _empty_sql(ordered)
        session.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {source}")

    def scan_sql(self, tasks: Sequence[FileScanTask], schema: Schema) -> str:
        """Return the SELECT over the files, without the rows their position deletes name."""
        files = _paths(task.file.file_path for task in tasks)
        names = ", ".join(_quoted(field.name) for field in schema.fields)
        scan = f"read_parquet({files}, schema = {_field_map(schema)}, hive_partitioning = false"
        deletes = {delete.file_path for task in tasks for delete in task.delete_files}
        if not deletes:
            return f"SELECT {names} FROM {scan})"
        removed = (
            "SELECT regexp_replace(file_path, '^file:(//)?', '') AS filename,"
            f" pos AS file_row_number FROM read_parquet({_paths(deletes)})"
        )
        return (
            f"SELECT {names} FROM {scan}, filename = true, file_row_number = true)"
            f" ANTI JOIN ({removed}) USING (filename, file_row_number)"
        )

    def _bind_arrow(
        self,
        session: duckdb.DuckDBPyConnection,
        view: str,
        table: Table,
        tasks: list[FileScanTask],
        schema: Schema,
    ) -> None:
        rows = ArrowScan(table.metadata, table.io, schema, EVERY_ROW).to_table(tasks)
        session.register(view, rows)


def _needs_iceberg(task: FileScanTask) -> bool:
    return any(
        delete.content != DataFileContent.POSITION_DELETES
        or delete.file_format != FileFormat.PARQUET
        for delete in task.delete_files
    )


def _paths(locations: Iterable[str]) -> str:
    return "[" + ", ".join(_literal(local_path(place)) for place in sorted(locations)) + "]"


def local_path(location: str) -> str:
    """Return the path of a `file:` location; any other location as it is."""
    if not location.startswith("file:"):
        return location
    return "/" + location.removeprefix("file:").lstrip("/")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _field_map(schema: Schema) -> str:
    return "MAP {" + ", ".join(map(_field, schema.fields)) + "}"


def _field(field: NestedField) -> str:
    name, kind = _literal(field.name), _literal(duckdb_type(field.field_type))
    return f"{field.field_id}: {{name: {name}, type: {kind}, default_value: NULL}}"


def duckdb_type(kind: IcebergType) -> str:
    """Return DuckDB's name of a column type that our tables use."""
    if isinstance(kind, ListType):
        return duckdb_type(kind.element_type) + "[]"
    return _DUCKDB_TYPES[type(kind)]


def _empty_sql(schema: Schema) -> str:
    columns = ", ".join(
        f"NULL::{duckdb_type(field.field_type)} AS {_quoted(field.name)}" for field in schema.fields
    )
    return f"SELECT {columns} WHERE false"
