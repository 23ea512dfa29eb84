"""Looks after the tables of a local lake, as R2 Data Catalog does after its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier

from shared.adapters.lake.compaction import Compaction, compact
from shared.adapters.lake.tables import TELEMETRY

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance keeps.

    Every retained snapshot makes every later commit slower (about 0.7 ms each), and an incremental
    reader needs all of them since the one it has read; so the newest are kept, for at most a day
    after they were succeeded.

    Attributes:
        compaction: Which files of the telemetry tables are rewritten.
        snapshots: At most this many snapshots are kept,
        snapshot_age: none that was succeeded longer ago than this,
        reader_age: but all succeeded more lately than this, as somebody may be reading them.
        file_age: A file nothing refers to is removed at this age: a commit may be on its way.
    """

    compaction: Compaction = field(default_factory=Compaction)
    snapshots: int = 500
    snapshot_age: timedelta = timedelta(days=1)
    reader_age: timedelta = timedelta(minutes=15)
    file_age: timedelta = timedelta(days=1)


def tables(catalog: Catalog) -> list[Identifier]:
    """Return the names of all the lake's tables."""
    return [name for space in catalog.list_namespaces() for name in catalog.list_tables(space)]


def maintain(catalog: Catalog, identifier: Identifier, upkeep: Upkeep, now: datetime) -> None:
    """Compact a telemetry table's small files; expire any table's snapshots, remove its orphans."""
    if identifier[-1] == TELEMETRY:
        compact(catalog, identifier, upkeep.compaction)
    expire_snapshots(catalog, identifier, upkeep, now)
    remove_orphans(catalog.load_table(identifier), now - upkeep.file_age)


def expire_snapshots(
    catalog: Catalog, identifier: Identifier, upkeep: Upkeep, now: datetime
) -> int:
    """Forget snapshots by the rules of `upkeep`; return how many. A busy table waits its turn."""
    table = catalog.load_table(identifier)
    expired = list(_expired(table, upkeep, now))
    if not expired:
        return 0
    try:
        table.maintenance.expire_snapshots().by_ids(expired).commit()
    except CommitFailedException:
        return 0
    return len(expired)


def _expired(table: Table, upkeep: Upkeep, now: datetime) -> Iterator[int]:
    referred = {ref.snapshot_id for ref in table.metadata.refs.values()}
    newest_first = sorted(
        table.metadata.snapshots, key=lambda snapshot: snapshot.timestamp_ms, reverse=True
    )
    for kept, (successor, snapshot) in enumerate(pairwise(newest_first), start=1):
        age = now - (_EPOCH + successor.timestamp_ms * _MILLISECOND)
        is_spare = kept >= upkeep.snapshots or age > upkeep.snapshot_age
        if is_spare and age > upkeep.reader_age and snapshot.snapshot_id not in referred:
            yield snapshot.snapshot_id


def remove_orphans(table: Table, older_than: datetime) -> int:
    """Remove files below a table's directory that none of its snapshots refers to.

    A remote table is left alone: its catalog owns its files.

    Args:
        table: A table loaded just now.
        older_than: Younger files stay, because their commit may be on its way.
    """
    location = urlsplit(table.location())
    if location.scheme != "file":
        return 0
    old = [
        path
        for path in Path(location.path).rglob("*")
        if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < older_than
    ]
    if not old:
        return 0
    # Loaded after the listing: a file that was committed meanwhile is referred to.
    referred = {Path(urlsplit(uri).path) for uri in _referred(table.refresh())}
    orphans = [path for path in old if path not in referred]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _referred(table: Table) -> Iterator[str]:
    metadata = table.metadata
    yield table.metadata_location
    yield from (entry.metadata_file for entry in metadata.metadata_log)
    yield from (statistics.statistics_path for statistics in metadata.statistics)
    yield from (statistics.statistics_path for statistics in metadata.partition_statistics)
    manifests = {}
    for snapshot in metadata.snapshots:
        yield snapshot.manifest_list
        manifests.update({m.manifest_path: m for m in snapshot.manifests(table.io)})
    for path, manifest in manifests.items():
        yield path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path
