"""The compute stage: totals, launch and trailing windows of every product that ever sold.

Sales older than 45 days enter as carried totals (`product_state`), so the work does not grow with
the history. Carried totals are made again for a product whose old sales changed, and move forward
with the as-of day; applying the same change twice gives the same totals.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import duckdb
from pyiceberg.expressions import BooleanExpression

from shared.adapters.lake import measurement_tables as names
from shared.adapters.lake.measurement_tables import commit_properties
from shared.adapters.lake.predicates import EVERY_ROW, at_least, at_most, below, both
from shared.adapters.lake.refresh_query import SALES_COLUMNS, Lake
from shared.adapters.lake.staging import SalesChange, Staging, StateChange
from shared.performance import sql
from shared.performance.models import CARRY_DAYS

_LONGEST_WINDOW: Final = timedelta(days=29)
_STATE: Final = ", ".join(sql.STATE_COLUMNS)


def compute(lake: Lake, staging: Staging, session: duckdb.DuckDBPyConnection) -> StateChange:
    """Stage `windows.parquet`, and `state.parquet` if carried totals changed."""
    found = staging.sales_change()
    staging.bind(session, "staged_sales", "sales.parquet")
    staging.bind(session, "changed", "changed.parquet")
    state = _carry(lake, staging, session, found)
    as_of = staging.request.as_of
    if state.until > as_of - _LONGEST_WINDOW:  # asked for a day that lies before carried totals
        session.execute(f"CREATE OR REPLACE TEMP VIEW carried AS {sql.NOTHING_CARRIED}")
        _bind_sales(lake, session, found, at_most("day", as_of.isoformat()))
    else:
        session.execute("CREATE OR REPLACE TEMP VIEW carried AS SELECT * FROM state")
        _bind_sales(lake, session, found, _between(state.until, as_of + timedelta(days=1)))
    _restrict(session, state, as_of)
    staging.store(session, "windows.parquet", sql.WINDOWS, as_of=as_of)
    return state


def _restrict(session: duckdb.DuckDBPyConnection, state: StateChange, as_of: date) -> None:
    low = "true"
    if state.until <= as_of - _LONGEST_WINDOW:
        low = f"day >= {_day(state.until)}"
    _sales_view(session, f"SELECT * FROM effective WHERE {low} AND day <= {_day(as_of)}")


def _carry(
    lake: Lake, staging: Staging, session: duckdb.DuckDBPyConnection, found: SalesChange
) -> StateChange:
    """Bind `state` to the carried totals as they will be; stage them if they change."""
    stored = commit_properties(lake.tables.state).get(names.STATE_UNTIL)
    until = staging.request.as_of - timedelta(days=CARRY_DAYS)
    if found.mode == "full" or stored is None:
        _carry_all(lake, session, found, until)
    else:
        before = date.fromisoformat(stored)
        until = max(until, before)
        lake.reader.bind(session, "stored_state", lake.tables.state, columns=sql.STATE_COLUMNS)
        if not _carry_on(lake, session, found, before, until):
            session.execute("CREATE OR REPLACE TEMP VIEW state AS SELECT * FROM stored_state")
            return StateChange(until=until, is_changed=False)
    # The trailing columns of the query are of no use here; the last day before `until` fills them.
    staging.store(session, "state.parquet", f"SELECT {_STATE} FROM ({sql.WINDOWS})", as_of=until)
    staging.bind(session, "state", "state.parquet")
    return StateChange(until=until, is_changed=True)


def _carry_all(
    lake: Lake, session: duckdb.DuckDBPyConnection, found: SalesChange, until: date
) -> None:
    session.execute(f"CREATE OR REPLACE TEMP VIEW carried AS {sql.NOTHING_CARRIED}")
    _bind_sales(lake, session, found, below("day", until.isoformat()))
    _sales_view(session, f"SELECT * FROM effective WHERE day < {_day(until)}")


def _carry_on(
    lake: Lake,
    session: duckdb.DuckDBPyConnection,
    found: SalesChange,
    before: date,
    until: date,
) -> bool:
    """Bind `carried` and `sales` to what gives the new totals; False if there is nothing new."""
    session.execute(
        "CREATE OR REPLACE TEMP TABLE outdated AS"
        f" SELECT DISTINCT product_id FROM changed WHERE day < {_day(before)}"
    )
    outdated = session.sql("SELECT count(*) FROM outdated").fetchall()[0][0]
    if not outdated and until == before:
        return False
    session.execute(
        "CREATE OR REPLACE TEMP VIEW carried AS"
        " SELECT * FROM stored_state ANTI JOIN outdated USING (product_id)"
    )
    first = date.min if outdated else before
    _bind_sales(lake, session, found, _between(first, until))
    _sales_view(
        session,
        f"SELECT * FROM effective WHERE day < {_day(until)} AND"
        f" (day >= {_day(before)} OR product_id IN (SELECT product_id FROM outdated))",
    )
    return True


def _bind_sales(
    lake: Lake,
    session: duckdb.DuckDBPyConnection,
    found: SalesChange,
    days: BooleanExpression,
) -> None:
    """Bind `effective`: stored sales with the changed days replaced by staged ones."""
    if found.mode == "full":
        session.execute("CREATE OR REPLACE TEMP VIEW effective AS SELECT * FROM staged_sales")
        return
    lake.reader.bind(
        session, "stored_sales", lake.tables.sales, columns=SALES_COLUMNS, row_filter=days
    )
    listed = ", ".join(_day(day) for day in found.changed_days) or "NULL"
    session.execute(
        "CREATE OR REPLACE TEMP VIEW effective AS SELECT * FROM stored_sales"
        f" WHERE coalesce(day NOT IN ({listed}), true) UNION ALL SELECT * FROM staged_sales"
    )


def _sales_view(session: duckdb.DuckDBPyConnection, source: str) -> None:
    session.execute(f"CREATE OR REPLACE TEMP VIEW sales AS {source}")


def _between(first: date, end: date) -> BooleanExpression:
    low: BooleanExpression = EVERY_ROW
    if first > date.min:
        low = at_least("day", first.isoformat())
    return both(low, below("day", end.isoformat()))


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
