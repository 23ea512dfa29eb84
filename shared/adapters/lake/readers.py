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

    def prepare(self, session: duckdb.DuckDBPyConnection) -> None:
        """Give a new session what reading needs; called once, before anything is bound."""
        ...

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

    def prepare(self, session: duckdb.DuckDBPyConnection) -> None:
        """Give a new session what reading needs: nothing, where files are local."""

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
        tasks = planned_files(table, snapshot_id, row_filter)
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
        if any(map(needs_iceberg, planned)):
            self._bind_arrow(session, view, table, planned, ordered)
            return
        source = self.scan_sql(planned, ordered) if planned else _empty_sql(ordered)
        session.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {source}")

    def scan_sql(self, tasks: Sequence[FileScanTask], schema: Schema) -> str:
        """Return the SELECT over the files, without the rows their position deletes name."""
        files = _paths(task.file.file_path for task in tasks)
        names = ", ".join(quoted(field.name) for field in schema.fields)
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


def planned_files(
    table: Table, snapshot_id: int | None, row_filter: BooleanExpression
) -> list[FileScanTask]:
    """Return the files of a snapshot (the current one unless named) that may hold such rows.

    Raises:
        ValueError: Rows are deleted by equality, which the planner does not know.
    """
    if snapshot_id is None and table.current_snapshot() is None:
        return []
    return list(table.scan(row_filter=row_filter, snapshot_id=snapshot_id).plan_files())


def needs_iceberg(task: FileScanTask) -> bool:
    """Return whether rows are deleted in a way that reading files alone cannot follow."""
    return any(
        delete.content != DataFileContent.POSITION_DELETES
        or delete.file_format != FileFormat.PARQUET
        for delete in task.delete_files
    )


def _paths(locations: Iterable[str]) -> str:
    return "[" + ", ".join(literal(local_path(place)) for place in sorted(locations)) + "]"


def local_path(location: str) -> str:
    """Return the path of a `file:` location; any other location as it is."""
    if not location.startswith("file:"):
        return location
    return "/" + location.removeprefix("file:").lstrip("/")


def literal(text: str) -> str:
    """Return a text as SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _field_map(schema: Schema) -> str:
    return "MAP {" + ", ".join(map(_field, schema.fields)) + "}"


def _field(field: NestedField) -> str:
    name, kind = literal(field.name), literal(duckdb_type(field.field_type))
    return f"{field.field_id}: {{name: {name}, type: {kind}, default_value: NULL}}"


def duckdb_type(kind: IcebergType) -> str:
    """Return DuckDB's name of a column type that our tables use."""
    if isinstance(kind, ListType):
        return duckdb_type(kind.element_type) + "[]"
    return _DUCKDB_TYPES[type(kind)]


def _empty_sql(schema: Schema) -> str:
    columns = ", ".join(
        f"NULL::{duckdb_type(field.field_type)} AS {quoted(field.name)}" for field in schema.fields
    )
    return f"SELECT {columns} WHERE false"
