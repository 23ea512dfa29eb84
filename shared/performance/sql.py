"""The SQL of the measurement: DuckDB text over named relations that the engine provides.

Nothing is built from input: relations have fixed names, values are parameters. A day is a day of
the shop's time zone (`$timezone`). Units and money that came back, by a refund or a cancellation,
are positive in `refunded_*`, and net is gross minus refunded.
"""

from __future__ import annotations

from typing import Final

from shared.performance.models import MeasureOverride

EVENT_COLUMNS: Final = (
    "event_id",
    "event_type",
    "occurred_at",
    "source_version_at",
    "product_id",
    "quantity",
    "amount_minor",
    "currency",
    "is_test",
    "__ingest_ts",
)
"""What the measurement reads of `commerce.telemetry`, as the relation `events`."""

MEASURED_TYPES: Final = ("order_created", "order_cancelled", "payment_refunded")
_MEASURED: Final = ", ".join(f"'{name}'" for name in MEASURED_TYPES)
_DAY: Final = "(occurred_at AT TIME ZONE $timezone)::DATE"

TOUCHED_DAYS: Final = f"""
    SELECT {_DAY} AS day
    FROM events WHERE event_type IN ({_MEASURED})
    GROUP BY ALL ORDER BY ALL
"""

# Only the event ids that occur twice are sorted by version. They are found by an 8-byte hash; a
# collision merely sends a row the longer way. Measured on 10 million events with 2 % copies:
# 1.35x the time without any deduplication (row_number over all 1.6x, arg_max of a struct 2.4x).
_COPIES: Final = f"""
    repeated AS MATERIALIZED (
        SELECT hash(event_id) AS id_hash FROM events WHERE event_type IN ({_MEASURED})
        GROUP BY id_hash HAVING count(*) > 1
    ),
    copies AS (
        SELECT event_id, event_type, occurred_at, source_version_at, product_id, quantity,
               amount_minor, currency, is_test, __ingest_ts, hash(event_id) AS id_hash
        FROM events WHERE event_type IN ({_MEASURED})
    ),
    facts AS (
        SELECT event_type, occurred_at, product_id, quantity, amount_minor, currency, is_test
        FROM copies ANTI JOIN repeated USING (id_hash)
        UNION ALL
        SELECT event_type, occurred_at, product_id, quantity, amount_minor, currency, is_test
        FROM (SELECT * FROM copies SEMI JOIN repeated USING (id_hash))
        QUALIFY row_number() OVER (
            PARTITION BY event_id ORDER BY source_version_at DESC, __ingest_ts DESC
        ) = 1
    )
"""

DAILY_SALES: Final = f"""
    WITH {_COPIES},
    daily AS (
        SELECT
            {_DAY} AS day,
            product_id,
            coalesce(sum(quantity) FILTER (event_type = 'order_created'), 0)::BIGINT
                AS gross_units,
            (-coalesce(sum(quantity) FILTER (event_type <> 'order_created'), 0))::BIGINT
                AS refunded_units,
            coalesce(sum(amount_minor) FILTER (event_type = 'order_created'), 0)::BIGINT
                AS gross_minor,
            (-coalesce(sum(amount_minor) FILTER (event_type <> 'order_created'), 0))::BIGINT
                AS refunded_minor,
            currency = $currency AS is_measured,
            count(*) AS events
        FROM facts
        WHERE product_id IS NOT NULL AND NOT is_test
        GROUP BY ALL
    )
    SELECT * FROM daily
"""
"""Product x day; rows in a foreign currency bear `is_measured` false and are only counted."""

_SALES_COLUMNS: Final = "day, product_id, gross_units, refunded_units, gross_minor, refunded_minor"

MEASURED_SALES: Final = f"""
    SELECT {_SALES_COLUMNS} FROM daily_sales
    WHERE is_measured
      AND (gross_units <> 0 OR refunded_units <> 0 OR gross_minor <> 0 OR refunded_minor <> 0)
    ORDER BY day
"""
"""A file holds one day, so the order within a day would serve no read, and sorts by a text."""

SALES_COUNTS: Final = """
    SELECT coalesce(sum(events), 0)::BIGINT AS events,
           coalesce(sum(events) FILTER (NOT is_measured), 0)::BIGINT AS skipped
    FROM daily_sales
"""

CHANGED_SALES: Final = f"""
    SELECT DISTINCT product_id, day FROM (
        (SELECT {_SALES_COLUMNS} FROM new_sales EXCEPT ALL SELECT {_SALES_COLUMNS} FROM old_sales)
        UNION ALL
        (SELECT {_SALES_COLUMNS} FROM old_sales EXCEPT ALL SELECT {_SALES_COLUMNS} FROM new_sales)
    )
"""
"""Products and days whose sales are not what is stored: a repeated event changes nothing."""

# `carried` holds what lies before the days of `sales` for the same product, so that windows that
# began there go on; both are empty-safe. A launch begins with the first day of gross units > 0.
_TOTALS: Final = """
    firsts AS (
        SELECT product_id, min(first_sale_day) AS first_sale_day FROM (
            SELECT product_id, first_sale_day FROM carried
            UNION ALL
            SELECT product_id, min(day) FILTER (gross_units > 0) FROM sales GROUP BY product_id
        ) GROUP BY product_id
    ),
    net AS (
        SELECT s.*, f.first_sale_day,
               s.gross_units - s.refunded_units AS units,
               s.gross_minor - s.refunded_minor AS minor,
               s.day - f.first_sale_day AS age
        FROM sales s JOIN firsts f USING (product_id)
    ),
    moved AS (
        SELECT
            product_id,
            sum(gross_units) AS gross_units,
            sum(refunded_units) AS refunded_units,
            sum(gross_minor) AS gross_minor,
            sum(refunded_minor) AS refunded_minor,
            max(day) FILTER (gross_units > 0) AS last_sale_day,
            sum(units) FILTER (age BETWEEN 0 AND 6) AS first_7_units,
            sum(minor) FILTER (age BETWEEN 0 AND 6) AS first_7_minor,
            sum(units) FILTER (age BETWEEN 0 AND 13) AS first_14_units,
            sum(minor) FILTER (age BETWEEN 0 AND 13) AS first_14_minor,
            sum(units) FILTER (day > $as_of::DATE - 7) AS last_7_units,
            sum(minor) FILTER (day > $as_of::DATE - 7) AS last_7_minor,
            sum(units) FILTER (day > $as_of::DATE - 14) AS last_14_units,
            sum(minor) FILTER (day > $as_of::DATE - 14) AS last_14_minor,
            sum(units) FILTER (day > $as_of::DATE - 30) AS last_30_units,
            sum(minor) FILTER (day > $as_of::DATE - 30) AS last_30_minor
        FROM net GROUP BY product_id
    )
"""

CARRIED_MEASURES: Final = (
    "gross_units",
    "refunded_units",
    "gross_minor",
    "refunded_minor",
    "first_7_units",
    "first_7_minor",
    "first_14_units",
    "first_14_minor",
)
TRAILING_MEASURES: Final = (
    "last_7_units",
    "last_7_minor",
    "last_14_units",
    "last_14_minor",
    "last_30_units",
    "last_30_minor",
)
_CARRIED: Final = ",\n".join(
    f"(coalesce(c.{name}, 0) + coalesce(m.{name}, 0))::BIGINT AS {name}"
    for name in CARRIED_MEASURES
)
_TRAILING: Final = ",\n".join(
    f"coalesce(m.{name}, 0)::BIGINT AS {name}" for name in TRAILING_MEASURES
)

WINDOWS: Final = f"""
    WITH {_TOTALS}
    SELECT product_id, f.first_sale_day,
           coalesce(m.last_sale_day, c.last_sale_day) AS last_sale_day,
           {_CARRIED}, {_TRAILING}
    FROM firsts f LEFT JOIN carried c USING (product_id) LEFT JOIN moved m USING (product_id)
    ORDER BY product_id
"""
"""Every measure of every product that ever sold, over `carried` and `sales` up to `$as_of`."""

STATE_COLUMNS: Final = ("product_id", "first_sale_day", "last_sale_day", *CARRIED_MEASURES)

_OVERRIDES: Final = tuple(MeasureOverride.model_fields)
OVERRIDE_TYPE: Final = (
    "STRUCT("
    + ", ".join(
        f"{name} " + ("VARCHAR" if name.startswith("nominal") else
                      "DOUBLE" if name.startswith("aggregate") else "BIGINT")
        for name in _OVERRIDES
    )
    + ")"
)  # fmt: skip


def _either(measure: str, window: str) -> str:
    return f"coalesce(d.override.{measure}, w.{window}, 0)::BIGINT AS {measure}"


_MEASURES: Final = ",\n".join(
    _either(f"{kind}_{side}_{days}_days{unit}", f"{side}_{days}_{column}")
    for kind, unit, column in (("sales", "", "units"), ("revenue", "_minor", "minor"))
    for side, spans in (("last", (7, 14, 30)), ("first", (7, 14)))
    for days in spans
)

_RANKED: Final = """
    based AS (
        SELECT *,
            CASE $basis WHEN 'units' THEN sales_last_7_days
                        ELSE revenue_last_7_days_minor END AS base_7,
            CASE $basis WHEN 'units' THEN sales_last_14_days
                        ELSE revenue_last_14_days_minor END AS base_14,
            CASE $basis WHEN 'units' THEN sales_last_30_days
                        ELSE revenue_last_30_days_minor END AS base_30,
            CASE $basis WHEN 'units' THEN sales_first_7_days
                        ELSE revenue_first_7_days_minor END AS base_first_7,
            CASE $basis WHEN 'units' THEN sales_first_14_days
                        ELSE revenue_first_14_days_minor END AS base_first_14
        FROM measured
    ),
    valued AS (
        SELECT *, coalesce(
            override.aggregate_measurement_value,
            $w7::DOUBLE * base_7 + $w14::DOUBLE * base_14 + $w30::DOUBLE * base_30
        ) AS aggregate_measurement_value
        FROM based
    ),
    ranked AS (
        SELECT *, CASE WHEN is_active AND aggregate_measurement_value > 0 THEN
            row_number() OVER (
                PARTITION BY is_active AND aggregate_measurement_value > 0
                ORDER BY aggregate_measurement_value DESC, product_id
            ) END AS rank
        FROM valued
    )
"""

CLASS: Final = """
        coalesce(override.nominal_classification, CASE
            WHEN base_first_7 >= $threshold_7d AND base_first_14 >= $threshold_14d
                THEN 'top_riser'
            WHEN base_30 >= $threshold_30d THEN 'winner'
            WHEN rank <= $banana_count THEN 'banana'
            WHEN NOT is_active OR coalesce($as_of::DATE - alive_day >= $stale_days, true)
                THEN 'archive_candidate'
            ELSE 'none' END)
"""

PERFORMANCE: Final = f"""
    WITH measured AS (
        SELECT
            d.product_id, d.product_name, d.is_active, d.published_day, d.tags, d.categories,
            d.designer, d.override, d.override IS NOT NULL AS is_manual,
            {_MEASURES},
            coalesce(w.gross_units - w.refunded_units, 0)::BIGINT AS total_units,
            coalesce(w.gross_minor - w.refunded_minor, 0)::BIGINT AS total_revenue_minor,
            coalesce(w.refunded_units, 0)::BIGINT AS total_refunded_units,
            coalesce(w.refunded_minor, 0)::BIGINT AS total_refunded_minor,
            w.first_sale_day, w.last_sale_day,
            greatest(w.last_sale_day, coalesce(d.published_day, d.created_day)) AS alive_day
        FROM dimension d LEFT JOIN windows w USING (product_id)
    ),
    {_RANKED}
    SELECT * EXCLUDE (override, alive_day, base_7, base_14, base_30, base_first_7, base_first_14),
        {CLASS} AS nominal_classification,
        $currency AS currency,
        $as_of::DATE AS day
    FROM ranked ORDER BY product_id
"""
"""One row per product of the dimension: measures, value, rank and class on the as-of day."""

PREVIEW: Final = f"""
    WITH measured AS (
        SELECT p.* EXCLUDE (aggregate_measurement_value, rank, nominal_classification),
            p.nominal_classification AS class_before,
            {{'aggregate_measurement_value': CASE WHEN is_manual THEN x.value END,
              'nominal_classification': CASE WHEN is_manual THEN x.class END}} AS override,
            greatest(p.last_sale_day, coalesce(p.published_day, x.created_day)) AS alive_day
        FROM performance p LEFT JOIN known x USING (product_id)
    ),
    {_RANKED},
    classified AS (SELECT class_before, {CLASS} AS class_after FROM ranked)
    SELECT class_before, class_after, count(*) AS products
    FROM classified GROUP BY ALL ORDER BY ALL
"""
"""How many products of `performance` go from which class to which under another spec."""

KNOWN: Final = """
    SELECT unnest(from_json($known::JSON, '[{"product_id": "VARCHAR", "created_day": "DATE",
        "value": "DOUBLE", "class": "VARCHAR"}]'), recursive := true)
"""
"""What only PostgreSQL knows of some products: see `KnownProduct`."""

UNKNOWN_PRODUCTS: Final = "SELECT count(*) FROM windows ANTI JOIN dimension USING (product_id)"

NO_EVENTS: Final = """
    SELECT NULL::VARCHAR AS event_id, NULL::VARCHAR AS event_type,
           NULL::TIMESTAMPTZ AS occurred_at, NULL::TIMESTAMPTZ AS source_version_at,
           NULL::VARCHAR AS product_id, NULL::BIGINT AS quantity, NULL::BIGINT AS amount_minor,
           NULL::VARCHAR AS currency, NULL::BOOLEAN AS is_test, NULL::TIMESTAMPTZ AS __ingest_ts
    WHERE false
"""
NO_SALES: Final = """
    SELECT NULL::DATE AS day, NULL::VARCHAR AS product_id, NULL::BIGINT AS gross_units,
           NULL::BIGINT AS refunded_units, NULL::BIGINT AS gross_minor,
           NULL::BIGINT AS refunded_minor
    WHERE false
"""
NO_CHANGES: Final = "SELECT NULL::VARCHAR AS product_id, NULL::DATE AS day WHERE false"
NOTHING_CARRIED: Final = (
    "SELECT NULL::VARCHAR AS product_id, NULL::DATE AS first_sale_day,"
    " NULL::DATE AS last_sale_day, "
    + ", ".join(f"NULL::BIGINT AS {name}" for name in CARRIED_MEASURES)
    + " WHERE false"
)
