"""Answers reads over `measurement.performance`: pages of products, and their totals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.measurement_tables import commit_properties
from shared.adapters.lake.predicates import equal
from shared.adapters.lake.readers import TableReader
from shared.adapters.lake.sessions import EngineLimits, open_session
from shared.performance import sql, sql_queries
from shared.performance.cursors import Position, bad_cursor, digest, read_cursor, write_cursor
from shared.performance.models import NominalClassification
from shared.performance.preview_schemas import ClassificationPreview, PreviewQuery
from shared.performance.schemas import (
    PerformancePage,
    PerformanceQuery,
    PerformanceSummary,
    ProductMeasurementDatum,
    SummaryQuery,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day of performance in one snapshot of the table."""

    table: Table
    snapshot_id: int
    as_of: date


@dataclass(frozen=True, slots=True)
class PerformanceReads:
    """The named reads, blocking; each opens its own session."""

    catalog: Catalog
    reader: TableReader
    spill: Path
    limits: EngineLimits

    def performance(self, query: PerformanceQuery) -> PerformancePage:
        """Return one page of products.

        Raises:
            InvalidInput: The cursor is not one of this list, or its snapshot is gone.
        """
        position = read_cursor(query.cursor, query) if query.cursor is not None else None
        moment = self._moment(query.as_of, position)
        if moment is None:
            return PerformancePage(items=[], next_cursor=None, as_of=None, snapshot_id=None)
        with open_session(self.spill, self.limits, self.reader.prepare) as session:
            self._bind(session, moment)
            statement = sql_queries.page(query.sort, descending=query.descending)
            result = session.execute(statement, _parameters(query, position))
            rows = result.fetchall()
        return _page(query, moment, rows)

    def summary(self, query: SummaryQuery) -> PerformanceSummary:
        """Return the totals over all products of a day; no `as_of` if the named one has none."""
        moment = self._moment(query.as_of, None)
        rows: list[dict[str, object]] = []
        if moment is not None:
            with open_session(self.spill, self.limits, self.reader.prepare) as session:
                self._bind(session, moment)
                rows = session.sql(sql_queries.SUMMARY).to_arrow_table().to_pylist()
        is_measured = bool(rows) or query.as_of is None
        return _summary(rows, moment, is_measured=is_measured)

    def preview(self, query: PreviewQuery) -> ClassificationPreview:
        """Return how the newest day's products would be classified by another spec."""
        moment = self._moment(None, None)
        rows: list[tuple[str, str, int]] = []
        if moment is not None:
            with open_session(self.spill, self.limits, self.reader.prepare) as session:
                self._bind(session, moment)
                known = json.dumps([item.model_dump(mode="json") for item in query.known])
                session.execute(f"CREATE TEMP TABLE known AS {sql.KNOWN}", {"known": known})
                values = {**query.spec.model_dump(), "as_of": moment.as_of}
                rows = session.execute(sql.PREVIEW, values).fetchall()
        return ClassificationPreview.of(
            rows,
            as_of=moment.as_of if moment is not None else None,
            snapshot_id=str(moment.snapshot_id) if moment is not None else None,
        )

    def _moment(self, as_of: date | None, position: Position | None) -> Moment | None:
        try:
            table = self.catalog.load_table(names.PERFORMANCE)
        except NoSuchTableError:
            table = None
        if position is not None:
            snapshot_id = int(position.snapshot_id)
            if table is None or table.snapshot_by_id(snapshot_id) is None:
                raise bad_cursor("is too old: start again from the first page")
            return Moment(table, snapshot_id, date.fromisoformat(position.as_of))
        current = table.current_snapshot() if table is not None else None
        if table is None or current is None:
            return None
        newest = date.fromisoformat(commit_properties(table)[names.NEWEST_AS_OF])
        return Moment(table, current.snapshot_id, as_of or newest)

    def _bind(self, session: duckdb.DuckDBPyConnection, moment: Moment) -> None:
        day = moment.as_of.isoformat()
        self.reader.bind(
            session,
            "performance_files",
            moment.table,
            columns=(*sql_queries.PERFORMANCE_COLUMNS, "day"),
            snapshot_id=moment.snapshot_id,
            row_filter=equal("day", day),
        )
        session.execute(
            "CREATE TEMP VIEW performance AS"
            f" SELECT * FROM performance_files WHERE day = DATE '{day}'"
        )


def _parameters(query: PerformanceQuery, position: Position | None) -> dict[str, object]:
    asked = query.model_dump(mode="json")
    return {
        **{name: asked[name] for name in sql_queries.FILTER_NAMES},
        "is_first": position is None,
        "after_key": position.key if position is not None else None,
        "after_id": position.product_id if position is not None else "",
        "limit": query.limit + 1,
    }


def _page(
    query: PerformanceQuery, moment: Moment, rows: list[tuple[object, ...]]
) -> PerformancePage:
    shown = rows[: query.limit]
    items = [
        ProductMeasurementDatum.model_validate(
            dict(zip(sql_queries.PERFORMANCE_COLUMNS, row, strict=False))
        )
        for row in shown
    ]
    cursor = None
    if len(rows) > query.limit:
        key = shown[-1][-1]
        cursor = write_cursor(
            Position(
                query=digest(query),
                snapshot_id=str(moment.snapshot_id),
                as_of=moment.as_of.isoformat(),
                key=key.isoformat() if isinstance(key, date) else key,  # type: ignore[arg-type]
                product_id=items[-1].product_id,
            )
        )
    return PerformancePage(
        items=items,
        next_cursor=cursor,
        as_of=moment.as_of,
        snapshot_id=str(moment.snapshot_id),
    )


def _summary(
    rows: list[dict[str, object]], moment: Moment | None, *, is_measured: bool
) -> PerformanceSummary:
    def total(column: str) -> int:
        return sum(int(str(row[column])) for row in rows)

    counted = {str(row["nominal_classification"]): int(str(row["products"])) for row in rows}
    return PerformanceSummary(
        products=total("products"),
        active_products=total("active_products"),
        by_classification={name: counted.get(name, 0) for name in NominalClassification},
        units_last_7_days=total("units_last_7_days"),
        units_last_14_days=total("units_last_14_days"),
        units_last_30_days=total("units_last_30_days"),
        revenue_last_7_days_minor=total("revenue_last_7_days_minor"),
        revenue_last_14_days_minor=total("revenue_last_14_days_minor"),
        revenue_last_30_days_minor=total("revenue_last_30_days_minor"),
        currency=str(rows[0]["currency"]) if rows else None,
        as_of=moment.as_of if moment is not None and is_measured else None,
        snapshot_id=str(moment.snapshot_id) if moment is not None else None,
    )
