"""Decides how a refresh may go: not at all, by the days that new events touch, or in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.measurement_tables import MeasurementTables, commit_properties
from shared.performance.schemas import RefreshRequest


class LineageLost(Exception):
    """The snapshots since the last refresh cannot be followed; the text says why."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How to refresh, and why; `since` is the source snapshot that sales are up to date with."""

    mode: Literal["noop", "incremental", "full"]
    reason: str
    since: int | None = None
    lead_seconds: int = 0


def spec_text(request: RefreshRequest) -> str:
    """Return the classification spec as commits name it: its version and its values."""
    return f"{request.spec_version}:{request.spec.model_dump_json()}"


def base_runs(tables: MeasurementTables) -> dict[str, str | None]:
    """Return the run that wrote each table last."""
    return {
        name: commit_properties(table).get(names.RUN_ID)
        for name, table in (
            ("sales", tables.sales),
            ("state", tables.state),
            ("performance", tables.performance),
        )
    }


def sales_lineage(tables: MeasurementTables) -> dict[str, str]:
    """Return the commit that says which source snapshot the sales are up to date with.

    That is the last performance commit, unless a run wrote sales and never came to performance.
    """
    performance, sales = commit_properties(tables.performance), commit_properties(tables.sales)
    is_newest = performance.get(names.SALES_RUN) == sales.get(names.RUN_ID, "")
    return performance if performance and is_newest else sales


def decide(request: RefreshRequest, source: Table | None, tables: MeasurementTables) -> Decision:
    """Compare what the last commits say with what is asked and with the source."""
    said = sales_lineage(tables)
    if request.full:
        return Decision("full", "a full refresh was asked for")
    if not said:
        return Decision("full", "first refresh")
    if said[names.TIMEZONE] != request.timezone or said[names.CURRENCY] != request.currency:
        return Decision("full", "the shop's time zone or currency changed")
    current = source.current_snapshot() if source is not None else None
    since = int(said[names.SOURCE_SNAPSHOT]) if said[names.SOURCE_SNAPSHOT] else None
    if (current.snapshot_id if current else None) == since:
        return _unchanged(request, tables, since)
    try:
        return _followed(source, since, int(said[names.INGEST_LEAD]))
    except LineageLost as lost:
        return Decision("full", str(lost))


def _followed(source: Table | None, since: int | None, lead_seconds: int) -> Decision:
    if source is None or since is None:
        raise LineageLost("the events were not there before, or are no longer")
    _follow(source, since)
    return Decision("incremental", "new events", since, lead_seconds)


def _unchanged(request: RefreshRequest, tables: MeasurementTables, since: int | None) -> Decision:
    said = commit_properties(tables.performance)
    wanted = {
        names.SALES_RUN: commit_properties(tables.sales).get(names.RUN_ID, ""),
        names.AS_OF: request.as_of.isoformat(),
        names.SPEC_TEXT: spec_text(request),
        names.DIMENSION_HASH: request.dimension_hash,
    }
    differing = [name for name in wanted if said.get(name) != wanted[name]]
    if not differing:
        return Decision("noop", "nothing changed", since)
    return Decision(
        "incremental",
        "no new events; changed: " + ", ".join(n.removeprefix("measurement.") for n in differing),
        since,
    )


def _follow(source: Table, since: int) -> None:
    """Check that only appends and rewrites of the same rows lie after the snapshot."""
    for snapshot in _back_from_current(source):
        if snapshot.snapshot_id == since:
            return
        if not (_is_append(snapshot) or is_compaction(snapshot)):
            raise LineageLost(f"source snapshot {snapshot.snapshot_id} is not an append")
        if snapshot.parent_snapshot_id == since:
            return
    raise LineageLost("source lineage lost")


def _back_from_current(source: Table) -> Iterator[Snapshot]:
    snapshot = source.current_snapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = source.snapshot_by_id(parent) if parent is not None else None


def _is_append(snapshot: Snapshot) -> bool:
    return snapshot.summary is not None and snapshot.summary.operation == Operation.APPEND


def is_compaction(snapshot: Snapshot) -> bool:
    """Return whether the snapshot only wrote the same rows into other files."""
    return snapshot.summary is not None and snapshot.summary.operation == Operation.REPLACE
