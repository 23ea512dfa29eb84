"""Appends a batch of accepted events to its Iceberg table, once however often it is tried."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.json
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier

from shared.adapters.lake.commits import Persistence, commit
from shared.adapters.lake.schemas import INGEST_TS

_INSTANT: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Lines:
    """Events as lines of JSON, all accepted at the same instant."""

    accepted_at: datetime
    count: int
    text: bytes


def land(
    catalog: Catalog,
    identifier: Identifier,
    key: str,
    lines: Sequence[Lines],
    *,
    persistence: Persistence | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Table:
    """Append the events in one commit and return the table.

    Args:
        catalog: Where the table is.
        identifier: The table's name.
        key: The batch's id: a table that has it gets nothing again.
        lines: The events.
        persistence: How long to try.
        sleep: Waits between two attempts; what it raises ends them.

    Raises:
        CommitGaveUp: The catalog does not take the commit now.
    """
    append = Append(lambda table: events_table(table.schema().as_arrow(), lines))
    return commit(
        catalog, identifier, key, append, persistence=persistence or Persistence(), sleep=sleep
    )


def events_table(schema: pa.Schema, lines: Sequence[Lines]) -> pa.Table:
    """Return the events as rows of the table's Arrow schema; absent columns are null."""
    columns = pa.schema([(f.name, _parsed(f.type)) for f in schema if f.name != INGEST_TS])
    text = b"\n".join(part.text for part in lines)
    events = pyarrow.json.read_json(
        io.BytesIO(text),
        # One block: a line never straddles two, and a batch is small.
        read_options=pyarrow.json.ReadOptions(block_size=len(text) + 1),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=columns, unexpected_field_behavior="error"
        ),
    )
    accepted = pa.concat_arrays(
        [pa.repeat(pa.scalar(part.accepted_at, _INSTANT), part.count) for part in lines]
    )
    return events.append_column(INGEST_TS, accepted).select(schema.names).cast(schema)


def _parsed(kind: pa.DataType) -> pa.DataType:
    """Return the type that the JSON reader knows in place of one with 64-bit offsets."""
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.list_(_parsed(kind.value_type)) if pa.types.is_large_list(kind) else kind


def write_files(table: Table, rows: pa.Table) -> list[DataFile]:
    """Write rows into data files of the table; they are part of it once committed."""
    files: Iterable[DataFile] = _dataframe_to_data_files(table.metadata, rows, table.io)
    return list(files)


class Append:
    """A change that adds rows; its files are written once, however often it is committed."""

    def __init__(self, rows: Callable[[Table], pa.Table]) -> None:
        self._rows = rows
        self._files: list[DataFile] | None = None

    def __call__(self, table: Table, properties: Mapping[str, str]) -> None:
        """Commit the rows to the table."""
        if self._files is None:
            self._files = write_files(table, self._rows(table))
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=dict(properties))
            with update.merge_append() as append:
                for file in self._files:
                    append.append_data_file(file)
