"""Writes sorted rows as one data file per day, without asking every row for its partition."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute
from pyiceberg.io.pyarrow import write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table, WriteTask


def write_days(table: Table, rows: pa.Table) -> list[DataFile]:
    """Write rows that are sorted by `day` into a table partitioned by identity(day)."""
    spec, schema = table.spec(), table.schema()
    write_id, numbers = uuid.uuid4(), itertools.count()

    def tasks() -> Iterator[WriteTask]:
        for day, part in _by_day(rows):
            key = PartitionKey([PartitionFieldValue(spec.fields[0], day)], spec, schema)
            yield WriteTask(write_id, next(numbers), schema, part.to_batches(), partition_key=key)

    return list(write_file(table.io, table.metadata, tasks()))


def write_rows(table: Table, rows: pa.Table) -> list[DataFile]:
    """Write rows into one file of an unpartitioned table."""
    task = WriteTask(uuid.uuid4(), 0, table.schema(), rows.to_batches())
    return list(write_file(table.io, table.metadata, iter([task])))


def _by_day(rows: pa.Table) -> Iterator[tuple[object, pa.Table]]:
    runs = pyarrow.compute.run_end_encode(rows["day"].combine_chunks())
    start = 0
    for day, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield day, rows.slice(start, end - start)
        start = end
