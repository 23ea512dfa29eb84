"""The limit of the refresh bench: the same result by one DuckDB session over the same files.

No catalog, no stages that could be resumed, no commits: events to sales to windows to classes, by
the SQL of `shared/performance`, into two Parquet files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from shared.performance import sql
from shared.performance.models import ClassificationSpec

SALES: Final = "sales.parquet"
PERFORMANCE: Final = "performance.parquet"
SALES_COLUMNS: Final = (
    "day", "product_id", "gross_units", "refunded_units", "gross_minor", "refunded_minor",
)  # fmt: skip
PERFORMANCE_COLUMNS: Final = (
    "product_id", "is_active", "sales_last_7_days", "sales_last_14_days", "sales_last_30_days",
    "sales_first_7_days", "sales_first_14_days", "revenue_last_7_days_minor",
    "revenue_last_14_days_minor", "revenue_last_30_days_minor", "revenue_first_7_days_minor",
    "revenue_first_14_days_minor", "total_units", "total_revenue_minor", "total_refunded_units",
    "total_refunded_minor", "first_sale_day", "last_sale_day", "rank", "nominal_classification",
)  # fmt: skip
_TYPES: Final = {
    "day": "DATE",
    "first_sale_day": "DATE",
    "last_sale_day": "DATE",
    "product_id": "VARCHAR",
    "nominal_classification": "VARCHAR",
    "is_active": "BOOLEAN",
}
"""What is no number; results come as Arrow, Parquet and CSV, and hashes depend on the type."""
Digest = tuple[int, int]


def refresh_plainly(
    files: Sequence[str], dimension: Path, target: Path, *, request: dict[str, Any]
) -> None:
    """Write sales and performance of the events in these files."""
    values = {name: request[name] for name in ("timezone", "currency")}
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        session.execute(
            f"CREATE TEMP VIEW events AS SELECT {', '.join(sql.EVENT_COLUMNS)}"
            f" FROM read_parquet({list(files)}, hive_partitioning = false)"
        )
        session.execute(f"CREATE TEMP TABLE daily_sales AS {sql.DAILY_SALES}", values)
        unsorted = sql.MEASURED_SALES.rpartition("ORDER BY")[0]  # the order serves our files only
        session.execute(f"CREATE TEMP TABLE sales AS {unsorted}")
        _write(session, "SELECT * FROM sales", target / SALES)
        session.execute(f"CREATE TEMP VIEW carried AS {sql.NOTHING_CARRIED}")
        session.execute(f"CREATE TEMP TABLE windows AS {sql.WINDOWS}", {"as_of": request["as_of"]})
        session.execute(
            f"CREATE TEMP VIEW dimension AS SELECT *, NULL::{sql.OVERRIDE_TYPE} AS override,"
            f" NULL::DATE AS created_day FROM read_json('{dimension}',"
            " columns = {product_id: 'VARCHAR', product_name: 'VARCHAR', is_active: 'BOOLEAN',"
            " published_day: 'DATE', tags: 'VARCHAR[]', categories: 'VARCHAR[]',"
            " designer: 'VARCHAR'})"
        )
        spec = ClassificationSpec().model_dump()
        asked = {"as_of": request["as_of"], "currency": request["currency"], **spec}
        _write(session, sql.PERFORMANCE, target / PERFORMANCE, **asked)


def _write(session: duckdb.DuckDBPyConnection, query: str, target: Path, **values: object) -> None:
    copy = f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    session.execute(copy, values or None)


def digests(session: duckdb.DuckDBPyConnection, sales: str, performance: str) -> list[Digest]:
    """Return count and checksum of both results, which are relations of the session."""
    found = []
    for relation, columns in ((sales, SALES_COLUMNS), (performance, PERFORMANCE_COLUMNS)):
        typed = ", ".join(f"{name}::{_TYPES.get(name, 'BIGINT')}" for name in columns)
        row = session.execute(
            f"SELECT count(*), sum(hash({typed})::HUGEINT)::VARCHAR FROM {relation}"
        ).fetchone()
        assert row is not None
        found.append((row[0], int(row[1])))
    return found
