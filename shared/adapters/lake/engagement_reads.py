"""Answers the read of engagement, from `publication.telemetry` as it is now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError

from shared.adapters.lake.predicates import at_least, below, both, equal
from shared.adapters.lake.readers import TableReader
from shared.adapters.lake.sessions import EngineLimits, open_session
from shared.adapters.lake.tables import telemetry_table
from shared.engagement.report_schemas import (
    EngagementCounts,
    EngagementQuery,
    EngagementReport,
    EngagementRow,
)
from shared.performance import sql_engagement

_ZONES = timedelta(days=1)
"""A day of any time zone begins and ends within a day of UTC's."""


def read_engagement(
    catalog: Catalog, reader: TableReader, spill: Path, limits: EngineLimits, query: EngagementQuery
) -> EngagementReport:
    """Return the counts of a publisher; blocking."""
    try:
        table = catalog.load_table(telemetry_table("publication"))
    except NoSuchTableError:
        return _report(query, [], None, None)
    snapshot = table.current_snapshot()
    if snapshot is None:
        return _report(query, [], None, None)
    since, until = query.since - _ZONES, query.until + 2 * _ZONES
    days = both(
        at_least("occurred_at", f"{since.isoformat()}T00:00:00+00:00"),
        below("occurred_at", f"{until.isoformat()}T00:00:00+00:00"),
    )
    with open_session(spill, limits, reader.prepare) as session:
        reader.bind(
            session,
            "publication_events",
            table,
            columns=sql_engagement.COLUMNS,
            snapshot_id=snapshot.snapshot_id,
            row_filter=both(equal("publisher_id", query.publisher_id), days),
        )
        rows, total = _answers(session, query)
    return _report(query, rows, total, str(snapshot.snapshot_id))


def _answers(
    session: duckdb.DuckDBPyConnection, query: EngagementQuery
) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    asked = query.model_dump(mode="json", include={"publisher_id", "since", "until", "timezone"})
    groups = sql_engagement.groups(query.group_by)
    rows = session.execute(groups, {**asked, "limit": query.limit + 1}).fetchall()
    return rows, session.execute(sql_engagement.TOTAL, asked).fetchall()[0]


def _report(
    query: EngagementQuery,
    rows: list[tuple[object, ...]],
    total: tuple[object, ...] | None,
    snapshot_id: str | None,
) -> EngagementReport:
    columns = ("key", *sql_engagement.COUNTS)
    return EngagementReport(
        items=[
            EngagementRow.model_validate(dict(zip(columns, row, strict=True)))
            for row in rows[: query.limit]
        ],
        total=EngagementCounts.model_validate(
            dict(zip(sql_engagement.COUNTS, total or (), strict=total is not None))
        ),
        is_cut=len(rows) > query.limit,
        since=query.since,
        until=query.until,
        snapshot_id=snapshot_id,
    )
