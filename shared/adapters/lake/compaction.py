"""Replaces the many small files that streaming leaves by few large ones."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import ValidationException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Operation, Summary
from pyiceberg.table.update.snapshot import _OverwriteFiles
from pyiceberg.typedef import Identifier

from shared import ids
from shared.adapters.lake.commits import Persistence, commit
from shared.adapters.lake.landing import write_files
from shared.limits import MIB

_NOTHING: Final[Mapping[str, str]] = {}
_BRIEF: Final = Persistence(attempts=4, longest_wait=1.0)
"""Compaction can wait for its next turn."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """Which files are rewritten.

    Attributes:
        small: A file below this size is small.
        files: A partition with at least this many small files is rewritten,
        size: at most this many bytes of it at a time, as they are held in memory.
    """

    small: int = 32 * MIB
    files: int = 12
    size: int = 64 * MIB


class _RewriteFiles(_OverwriteFiles):
    """Replaces files by others with the same rows: no reader has to look at them again."""

    def _summary(self, snapshot_properties: dict[str, str] = dict(_NOTHING)) -> Summary:  # noqa: B006 - never changed
        summary = super()._summary(snapshot_properties)
        return Summary(Operation.REPLACE, **summary.additional_properties)


def compact(catalog: Catalog, identifier: Identifier, rule: Compaction) -> int:
    """Rewrite small files, each group in its own commit; return how many files went away.

    A group that somebody else changed meanwhile is left as it is.

    Raises:
        CommitGaveUp: The catalog does not take the commits now.
    """
    table = catalog.load_table(identifier)
    gone = 0
    for tasks in _groups(table.scan().plan_files(), rule):
        rewrite = _Rewrite(table, tasks)
        try:
            commit(
                catalog, identifier, ids.new_id("cpt"), rewrite, recompute=False, persistence=_BRIEF
            )
        except ValidationException:
            rewrite.undo()
        else:
            gone += len(tasks) - len(rewrite.files)
    return gone


def _groups(tasks: Iterable[FileScanTask], rule: Compaction) -> Iterator[list[FileScanTask]]:
    partitions = defaultdict(list)
    for task in tasks:
        if not task.delete_files and task.file.file_size_in_bytes < rule.small:
            partitions[task.file.spec_id, task.file.partition].append(task)
    for partition in partitions.values():
        partition.sort(key=lambda task: task.file.file_path)
        yield from (group for group in _packed(partition, rule) if len(group) >= rule.files)


def _packed(tasks: Sequence[FileScanTask], rule: Compaction) -> Iterator[list[FileScanTask]]:
    filled = itertools.accumulate(task.file.file_size_in_bytes for task in tasks)
    pairs = zip(tasks, filled, strict=True)
    for _, group in itertools.groupby(pairs, key=lambda pair: pair[1] // rule.size):
        yield [task for task, _ in group]


class _Rewrite:
    """A change that puts new files in the place of old ones."""

    def __init__(self, table: Table, tasks: Sequence[FileScanTask]) -> None:
        scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
        self._io = table.io
        self._old = [task.file for task in tasks]
        self.files: list[DataFile] = write_files(table, scan.to_table(tasks))

    def __call__(self, table: Table, properties: Mapping[str, str]) -> None:
        with table.transaction() as transaction:
            rewrite = _RewriteFiles(
                operation=Operation.OVERWRITE,
                transaction=transaction,
                io=table.io,
                snapshot_properties=dict(properties),
            )
            with rewrite:
                for file in self._old:
                    rewrite.delete_data_file(file)
                for file in self.files:
                    rewrite.append_data_file(file)

    def undo(self) -> None:
        """Remove the new files, which no commit refers to."""
        for file in self.files:
            self._io.delete(file.file_path)
