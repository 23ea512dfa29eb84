"""Answers the read of sales by group: every page of a list from the same two snapshots."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.measurement_tables import commit_properties
from shared.adapters.lake.predicates import at_least, at_most, both, equal
from shared.adapters.lake.readers import TableReader
from shared.adapters.lake.sessions import EngineLimits, open_session
from shared.performance import sql_groups
from shared.performance.cursors import bad_cursor
from shared.performance.group_schemas import GroupPage, GroupQuery, GroupSales, GroupTotals

_SALES_COLUMNS = (
    "day",
    "product_id",
    "gross_units",
    "refunded_units",
    "gross_minor",
    "refunded_minor",
)


class _Place(BaseModel):
    """Where a page begins, and the snapshots that the list is read from."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    query: str
    performance: int
    sales: int
    as_of: str
    offset: int = Field(ge=0, lt=2**31)


def read_group_sales(
    catalog: Catalog, reader: TableReader, spill: Path, limits: EngineLimits, query: GroupQuery
) -> GroupPage:
    """Return one page of groups with what their products sold.

    Raises:
        InvalidInput: The days cannot be, the cursor is not one of this list, or it is too old.
    """
    performance, sales = _table(catalog, names.PERFORMANCE), _table(catalog, names.SALES)
    place = _place(query, performance, sales)
    if performance is None or sales is None or place is None:
        return GroupPage(
            items=[],
            total=GroupTotals(),
            next_cursor=None,
            currency=None,
            since=query.since,
            until=query.until,
            as_of=None,
            snapshot_id=None,
        )
    since, until = query.days(date.fromisoformat(place.as_of))
    with open_session(spill, limits, reader.prepare) as session:
        _bind(session, reader, performance, sales, place=place, days=(since, until))
        rows, total, currency = _answers(session, query, place.offset)
    cursor = None
    if len(rows) > query.limit:
        cursor = _text(place.model_copy(update={"offset": place.offset + query.limit}))
    return GroupPage(
        items=[
            GroupSales.model_validate(dict(zip(sql_groups.ITEM_COLUMNS, row, strict=True)))
            for row in rows[: query.limit]
        ],
        total=GroupTotals.model_validate(dict(zip(sql_groups.TOTAL_COLUMNS, total, strict=True))),
        next_cursor=cursor,
        currency=currency,
        since=since,
        until=until,
        as_of=date.fromisoformat(place.as_of),
        snapshot_id=str(place.performance),
    )


def _answers(
    session: duckdb.DuckDBPyConnection, query: GroupQuery, offset: int
) -> tuple[list[tuple[object, ...]], tuple[object, ...], str | None]:
    groups = {"names": query.names}
    page = {**groups, "limit": query.limit + 1, "offset": offset}
    rows = session.execute(sql_groups.items(query.group_by, query.sort), page).fetchall()
    total = session.execute(sql_groups.total(query.group_by), groups).fetchall()[0]
    currency = session.execute("SELECT any_value(currency) FROM performance").fetchall()[0][0]
    return rows, total, currency


def _table(catalog: Catalog, name: tuple[str, ...]) -> Table | None:
    try:
        return catalog.load_table(name)
    except NoSuchTableError:
        return None


def _place(query: GroupQuery, performance: Table | None, sales: Table | None) -> _Place | None:
    if query.cursor is not None:
        place = _read(query.cursor, query)
        held = [(performance, place.performance), (sales, place.sales)]
        if any(table is None or table.snapshot_by_id(number) is None for table, number in held):
            raise bad_cursor("is too old: start again from the first page")
        return place
    newest = performance.current_snapshot() if performance is not None else None
    sold = sales.current_snapshot() if sales is not None else None
    if performance is None or newest is None or sold is None:
        return None
    return _Place(
        query=_digest(query),
        performance=newest.snapshot_id,
        sales=sold.snapshot_id,
        as_of=commit_properties(performance)[names.NEWEST_AS_OF],
        offset=0,
    )


def _bind(
    session: duckdb.DuckDBPyConnection,
    reader: TableReader,
    performance: Table,
    sales: Table,
    *,
    place: _Place,
    days: tuple[date, date],
) -> None:
    since, until = (day.isoformat() for day in days)
    reader.bind(
        session,
        "performance_files",
        performance,
        columns=("day", "product_id", "is_active", "currency", "tags", "categories", "designer"),
        snapshot_id=place.performance,
        row_filter=equal("day", place.as_of),
    )
    session.execute(
        "CREATE TEMP VIEW performance AS"
        f" SELECT * FROM performance_files WHERE day = DATE '{place.as_of}'"
    )
    reader.bind(
        session,
        "sales_files",
        sales,
        columns=_SALES_COLUMNS,
        snapshot_id=place.sales,
        row_filter=both(at_least("day", since), at_most("day", until)),
    )
    session.execute(
        "CREATE TEMP VIEW daily_sales AS SELECT * FROM sales_files"
        f" WHERE day BETWEEN DATE '{since}' AND DATE '{until}'"
    )


def _digest(query: GroupQuery) -> str:
    asked = query.model_dump(mode="json", exclude={"cursor", "limit"})
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]


def _text(place: _Place) -> str:
    return base64.urlsafe_b64encode(place.model_dump_json().encode()).decode().rstrip("=")


def _read(cursor: str, query: GroupQuery) -> _Place:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = _Place.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        date.fromisoformat(place.as_of)
    except (ValueError, ValidationError):
        raise bad_cursor("is not a cursor") from None
    if place.query != _digest(query):
        raise bad_cursor("belongs to a list with another order or filter")
    return place
