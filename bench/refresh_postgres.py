"""The peer of the refresh bench: the same result as materialized views of PostgreSQL.

Its best case: a table of only the columns that the measurement reads, memory for every sort, and
loading not counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import duckdb

from bench.refresh_plain import PERFORMANCE_COLUMNS, SALES_COLUMNS
from shared.performance import sql
from shared.performance.models import ClassificationSpec

SALES: Final = "sales.csv"
PERFORMANCE: Final = "performance.csv"
_TABLES: Final = """
    CREATE UNLOGGED TABLE events (
        event_id TEXT, event_type TEXT, occurred_at TIMESTAMPTZ, source_version_at TIMESTAMPTZ,
        product_id TEXT, quantity BIGINT, amount_minor BIGINT, currency TEXT, is_test BOOLEAN,
        ingest_ts TIMESTAMPTZ
    );
    CREATE UNLOGGED TABLE dimension (
        product_id TEXT PRIMARY KEY, product_name TEXT, is_active BOOLEAN, published_day DATE
    );
"""
_VIEWS: Final = """
    CREATE MATERIALIZED VIEW sales AS
    WITH facts AS (
        SELECT DISTINCT ON (event_id) event_type, occurred_at, product_id, quantity, amount_minor,
               currency, is_test
        FROM events
        WHERE event_type IN ('order_created', 'order_cancelled', 'payment_refunded')
        ORDER BY event_id, source_version_at DESC, ingest_ts DESC
    )
    SELECT (occurred_at AT TIME ZONE '{timezone}')::DATE AS day, product_id,
        coalesce(sum(quantity) FILTER (WHERE event_type = 'order_created'), 0)::BIGINT
            AS gross_units,
        -coalesce(sum(quantity) FILTER (WHERE event_type <> 'order_created'), 0)::BIGINT
            AS refunded_units,
        coalesce(sum(amount_minor) FILTER (WHERE event_type = 'order_created'), 0)::BIGINT
            AS gross_minor,
        -coalesce(sum(amount_minor) FILTER (WHERE event_type <> 'order_created'), 0)::BIGINT
            AS refunded_minor
    FROM facts WHERE product_id IS NOT NULL AND NOT is_test AND currency = '{currency}'
    GROUP BY 1, 2
    WITH NO DATA;

    CREATE MATERIALIZED VIEW performance AS
    WITH firsts AS (
        SELECT product_id, min(day) FILTER (WHERE gross_units > 0) AS first_sale_day
        FROM sales GROUP BY product_id
    ),
    windows AS (
        SELECT s.product_id, f.first_sale_day,
            max(day) FILTER (WHERE gross_units > 0) AS last_sale_day,
            sum(gross_units - refunded_units) AS total_units,
            sum(gross_minor - refunded_minor) AS total_revenue_minor,
            sum(refunded_units) AS total_refunded_units,
            sum(refunded_minor) AS total_refunded_minor,
            {windows}
        FROM sales AS s JOIN firsts AS f USING (product_id)
        GROUP BY s.product_id, f.first_sale_day
    ),
    measured AS (
        SELECT d.product_id, d.is_active, {measures},
            coalesce(total_units, 0)::BIGINT AS total_units,
            coalesce(total_revenue_minor, 0)::BIGINT AS total_revenue_minor,
            coalesce(total_refunded_units, 0)::BIGINT AS total_refunded_units,
            coalesce(total_refunded_minor, 0)::BIGINT AS total_refunded_minor,
            w.first_sale_day, w.last_sale_day,
            greatest(w.last_sale_day, d.published_day) AS alive_day
        FROM dimension AS d LEFT JOIN windows AS w USING (product_id)
    ),
    valued AS (
        SELECT *, {w7}::FLOAT8 * sales_last_7_days + {w14}::FLOAT8 * sales_last_14_days
            + {w30}::FLOAT8 * sales_last_30_days AS value FROM measured
    ),
    ranked AS (
        SELECT *, CASE WHEN is_active AND value > 0 THEN row_number() OVER (
            PARTITION BY is_active AND value > 0 ORDER BY value DESC, product_id COLLATE "C"
        ) END AS rank FROM valued
    )
    SELECT *, CASE
        WHEN sales_first_7_days >= {threshold_7d} AND sales_first_14_days >= {threshold_14d}
            THEN 'top_riser'
        WHEN sales_last_30_days >= {threshold_30d} THEN 'winner'
        WHEN rank <= {banana_count} THEN 'banana'
        WHEN NOT is_active OR coalesce(DATE '{as_of}' - alive_day >= {stale_days}, true)
            THEN 'archive_candidate'
        ELSE 'none' END AS nominal_classification
    FROM ranked
    WITH NO DATA;
"""
_SPANS: Final = (("last", 7), ("last", 14), ("last", 30), ("first", 7), ("first", 14))
_KINDS: Final = (("sales", "units", ""), ("revenue", "minor", "_minor"))


async def load(
    url: str,
    files: Sequence[str],
    dimension: Path,
    *,
    request: dict[str, Any],
) -> None:
    """Bring the events of these files and the products into PostgreSQL, and make the views."""
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLES)
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(sql.EVENT_COLUMNS)
        source = f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)"
        target = dimension.with_name("copy.csv")
        copy = f"COPY ({source}) TO '{target}' (FORMAT csv, HEADER false)"
        for number in range(0, len(files), 16):
            session.execute(copy, [list(files[number : number + 16])])
            await connection.copy_to_table("events", source=target, format="csv")
        products = "SELECT product_id, product_name, is_active, published_day FROM read_json(?)"
        session.execute(f"COPY ({products}) TO '{target}' (HEADER false)", [str(dimension)])
        await connection.copy_to_table("dimension", source=target, format="csv")
        target.unlink()
    await connection.execute(views_sql(request))
    await connection.execute("ANALYZE")
    await connection.close()


def views_sql(request: dict[str, Any]) -> str:
    """Return what makes the two views for a request."""
    windows, measures = [], []
    for kind, column, unit in _KINDS:
        for side, days in _SPANS:
            name = f"{kind}_{side}_{days}_days{unit}"
            held = (
                f"day > DATE '{request['as_of']}' - {days} AND day <= DATE '{request['as_of']}'"
                if side == "last"
                else f"day - f.first_sale_day BETWEEN 0 AND {days - 1}"
            )
            net = f"gross_{column} - refunded_{column}"
            windows.append(f"sum({net}) FILTER (WHERE {held}) AS {name}")
            measures.append(f"coalesce(w.{name}, 0)::BIGINT AS {name}")
    return _VIEWS.format(
        windows=", ".join(windows),
        measures=", ".join(measures),
        **request | ClassificationSpec().model_dump(),
    )


async def refresh(url: str, target: Path) -> float:
    """Compute both views, write them as CSV, and return the seconds that computing took."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET work_mem = '512MB'")
        begun = time.perf_counter()
        await connection.execute("REFRESH MATERIALIZED VIEW sales")
        await connection.execute("REFRESH MATERIALIZED VIEW performance")
        seconds = time.perf_counter() - begun
        for name, columns in ((SALES, SALES_COLUMNS), (PERFORMANCE, PERFORMANCE_COLUMNS)):
            query = f"SELECT {', '.join(columns)} FROM {name.partition('.')[0]}"
            await connection.copy_from_query(query, output=target / name, format="csv", header=True)
    finally:
        await connection.close()
    return seconds
