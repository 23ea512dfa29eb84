"""The query stage: which days new events touch, and what was really sold on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import TimestamptzType

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.lineage import Decision, base_runs, decide
from shared.adapters.lake.measurement_tables import MeasurementTables
from shared.adapters.lake.predicates import any_of, at_least, at_most, below, both
from shared.adapters.lake.readers import TableReader
from shared.adapters.lake.schemas import INGEST_TS
from shared.adapters.lake.staging import SalesChange, Staging
from shared.performance import sql
from shared.performance.schemas import RefreshRequest

_DAY: Final = timedelta(days=1)
_MARGIN: Final = timedelta(hours=3)
"""Two editions of the time zone rules may differ; files are chosen a little wider."""
_MOST_RANGES: Final = 12
SALES_COLUMNS: Final = (
    "day",
    "product_id",
    "gross_units",
    "refunded_units",
    "gross_minor",
    "refunded_minor",
)


@dataclass(frozen=True, slots=True)
class Lake:
    """What a stage reads from: the catalog, its tables and how they are read."""

    catalog: Catalog
    reader: TableReader
    tables: MeasurementTables
    source: Table | None


def load_source(catalog: Catalog) -> Table | None:
    """Load the commerce events, or None where the stream has no table yet."""
    try:
        return catalog.load_table(names.EVENTS)
    except NoSuchTableError:
        return None


def query(lake: Lake, staging: Staging, session: duckdb.DuckDBPyConnection) -> SalesChange:
    """Stage `sales.parquet` and `changed.parquet`, and return what was found."""
    request = staging.request
    decision = decide(request, lake.source, lake.tables)
    if decision.mode == "full":
        return _full(lake, staging, session, decision)
    current = lake.source.current_snapshot() if lake.source is not None else None
    if current is None or current.snapshot_id == decision.since:
        _stage_nothing(staging, session)
        return _found(lake, decision)
    appended = _appended(lake.source, decision)
    try:
        return _incremental(lake, staging, session, decision, appended)
    except (duckdb.IOException, FileNotFoundError):
        lost = Decision("full", "files of new events are gone already")
        return _full(lake, staging, session, lost)


def _full(
    lake: Lake, staging: Staging, session: duckdb.DuckDBPyConnection, decision: Decision
) -> SalesChange:
    tasks = _planned(lake.source)
    _bind_events(lake, session, tasks)
    _daily_sales(session, staging.request)
    staging.store(session, "sales.parquet", sql.MEASURED_SALES)
    staging.bind(session, "new_sales", "sales.parquet")
    staging.store(session, "changed.parquet", "SELECT product_id, day FROM new_sales WHERE false")
    days = [
        row[0] for row in session.sql("SELECT DISTINCT day FROM new_sales ORDER BY day").fetchall()
    ]
    lead = max((_lead(lake.source, task.file) for task in tasks), default=0)
    return _found(lake, decision, session, days=days, touched=len(days), lead=lead)


def _incremental(
    lake: Lake,
    staging: Staging,
    session: duckdb.DuckDBPyConnection,
    decision: Decision,
    appended: Sequence[FileScanTask],
) -> SalesChange:
    request = staging.request
    lead = max([decision.lead_seconds, *(_lead(lake.source, task.file) for task in appended)])
    _bind_events(lake, session, appended)
    touched = _touched_days(session, request)
    if not touched:
        _stage_nothing(staging, session)
        return _found(lake, decision, lead=lead)
    _bind_events_of_days(lake, session, request, touched, lead)
    _daily_sales(session, request)
    session.execute(
        "DELETE FROM daily_sales WHERE NOT list_contains($days, day)", {"days": touched}
    )
    bind_sales(lake, session, "stored", touched)
    session.execute("CREATE TEMP TABLE old_sales AS SELECT * FROM stored")
    session.execute(f"CREATE TEMP TABLE new_sales AS {sql.MEASURED_SALES}")
    staging.store(session, "changed.parquet", sql.CHANGED_SALES)
    staging.bind(session, "changed", "changed.parquet")
    staging.store(session, "sales.parquet", "SELECT * FROM new_sales SEMI JOIN changed USING (day)")
    days = [
        row[0] for row in session.sql("SELECT DISTINCT day FROM changed ORDER BY day").fetchall()
    ]
    return _found(lake, decision, session, days=days, touched=len(touched), lead=lead)


def _found(
    lake: Lake,
    decision: Decision,
    session: duckdb.DuckDBPyConnection | None = None,
    *,
    days: Sequence[date] = (),
    touched: int = 0,
    lead: int | None = None,
) -> SalesChange:
    events, skipped, rows = 0, 0, 0
    if session is not None:
        events, skipped = session.sql(sql.SALES_COUNTS).fetchall()[0]
        rows = session.sql("SELECT count(*) FROM new_sales").fetchall()[0][0]
    current = lake.source.current_snapshot() if lake.source is not None else None
    return SalesChange(
        mode=decision.mode,
        reason=decision.reason,
        source_snapshot_id=current.snapshot_id if current is not None else None,
        base_runs=base_runs(lake.tables),
        ingest_lead_seconds=decision.lead_seconds if lead is None else lead,
        touched_days=touched,
        changed_days=list(days),
        events_read=events,
        skipped_events=skipped,
        sales_rows=rows,
    )


def _planned(source: Table | None) -> list[FileScanTask]:
    if source is None or source.current_snapshot() is None:
        return []
    return list(source.scan().plan_files())


def _appended(source: Table | None, decision: Decision) -> list[FileScanTask]:
    if source is None:
        return []
    scan = source.incremental_append_scan(from_snapshot_id_exclusive=decision.since)
    return list(scan.plan_files())


def _bind_events(
    lake: Lake, session: duckdb.DuckDBPyConnection, tasks: Iterable[FileScanTask]
) -> None:
    if lake.source is None:
        session.execute("CREATE OR REPLACE TEMP VIEW events AS " + sql.NO_EVENTS)
        return
    lake.reader.bind_tasks(session, "events", lake.source, tasks, columns=sql.EVENT_COLUMNS)


def _daily_sales(session: duckdb.DuckDBPyConnection, request: RefreshRequest) -> None:
    values = {"timezone": request.timezone, "currency": request.currency}
    session.execute(f"CREATE TEMP TABLE daily_sales AS {sql.DAILY_SALES}", values)


def _touched_days(session: duckdb.DuckDBPyConnection, request: RefreshRequest) -> list[date]:
    rows = session.execute(sql.TOUCHED_DAYS, {"timezone": request.timezone}).fetchall()
    return [row[0] for row in rows]


def _stage_nothing(staging: Staging, session: duckdb.DuckDBPyConnection) -> None:
    staging.store(session, "sales.parquet", sql.NO_SALES)
    staging.store(session, "changed.parquet", sql.NO_CHANGES)


def _bind_events_of_days(
    lake: Lake,
    session: duckdb.DuckDBPyConnection,
    request: RefreshRequest,
    days: Sequence[date],
    lead_seconds: int,
) -> None:
    """Bind the events of the days and few others; copies of one event share its day."""
    source = lake.source
    if source is None:
        return
    spans = [_span(first, last, request.timezone) for first, last in _ranges(days)]
    occurred = any_of(
        both(
            at_least("occurred_at", low.isoformat()),
            below("occurred_at", high.isoformat()),
        )
        for low, high in spans
    )
    # No event was ever accepted more than `lead` before it occurred, so older files hold none.
    accepted = at_least(INGEST_TS, (spans[0][0] - timedelta(seconds=lead_seconds)).isoformat())
    lake.reader.bind(
        session, "planned_events", source,
        columns=sql.EVENT_COLUMNS, row_filter=both(occurred, accepted),
    )  # fmt: skip
    within = " OR ".join(
        f"(occurred_at >= '{low.isoformat()}'::TIMESTAMPTZ"
        f" AND occurred_at < '{high.isoformat()}'::TIMESTAMPTZ)"
        for low, high in spans
    )
    session.execute(
        f"CREATE OR REPLACE TEMP VIEW events AS SELECT * FROM planned_events WHERE {within}"
    )


def bind_sales(
    lake: Lake, session: duckdb.DuckDBPyConnection, view: str, days: Sequence[date]
) -> None:
    """Bind the stored sales of these days, and of no other."""
    sales = lake.tables.sales
    planned = f"{view}_planned"
    days_filter = any_of(
        both(at_least("day", first.isoformat()), at_most("day", last.isoformat()))
        for first, last in _ranges(days)
    )
    lake.reader.bind(session, planned, sales, columns=SALES_COLUMNS, row_filter=days_filter)
    listed = ", ".join(f"DATE '{day.isoformat()}'" for day in days)
    session.execute(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {planned} WHERE day IN ({listed})"
    )


def _ranges(days: Sequence[date]) -> list[tuple[date, date]]:
    """Return few ranges that cover the days: the narrowest gaps between days are bridged."""
    ordered = sorted(days)
    gaps = sorted(
        (later - earlier for earlier, later in itertools.pairwise(ordered)),
        reverse=True,
    )
    bridged = max(gaps[_MOST_RANGES - 1] if len(gaps) >= _MOST_RANGES else _DAY, _DAY)
    ranges = [(ordered[0], ordered[0])]
    for day in ordered[1:]:
        first, last = ranges[-1]
        if day - last <= bridged:
            ranges[-1] = (first, day)
        else:
            ranges.append((day, day))
    return ranges


def _span(first: date, last: date, timezone: str) -> tuple[datetime, datetime]:
    zone = ZoneInfo(timezone)
    low = datetime.combine(first, time.min, zone).astimezone(ZoneInfo("UTC"))
    high = datetime.combine(last + _DAY, time.min, zone).astimezone(ZoneInfo("UTC"))
    return low - _MARGIN, high + _MARGIN


def _lead(source: Table | None, file: DataFile) -> int:
    """Return by how many seconds an event of the file may have been accepted before it occurred."""
    if source is None:
        return 0
    schema, kind = source.schema(), TimestamptzType()
    newest = file.upper_bounds.get(schema.find_field("occurred_at").field_id)
    oldest = file.lower_bounds.get(schema.find_field(INGEST_TS).field_id)
    if newest is None or oldest is None:
        return 100 * 365 * 86_400
    span = int(from_bytes(kind, newest)) - int(from_bytes(kind, oldest))
    return max(0, span // 1_000_000 + 1)
