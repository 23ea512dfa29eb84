"""The SQL alone against the oracle, on small histories that shrink to what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.performance import sql
from shared.performance.models import ClassificationSpec
from tests.fixtures import measurement_oracle as oracle
from tests.fixtures.measurement import assert_performance, event, product

ZONE = "America/New_York"
AS_OF = date(2026, 3, 20)
LATEST = datetime(2026, 3, 21, 3, 59, tzinfo=UTC)  # the last minute of the day in New York
SPRING = datetime(2026, 3, 8, 7, tzinfo=UTC)  # clocks go forward at this instant
_INSTANTS = st.one_of(
    st.integers(0, 60 * 24).map(lambda hours: LATEST - timedelta(hours=hours)),
    st.integers(-27, 27).map(lambda hours: SPRING + timedelta(hours=hours)),
    st.sampled_from((6, 7, 13, 14, 29, 30)).map(lambda days: LATEST - timedelta(days=days)),
)
_KINDS = st.sampled_from([*sql.MEASURED_TYPES, "order_created", "payment_captured"])
_FACTS = st.tuples(st.integers(0, 8), _KINDS, _INSTANTS)
_COPIES = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(["prd_a", "prd_b", "prd_c", None]),
        st.integers(0, 4),
        st.sampled_from(["USD", "USD", "JPY"]),
        st.booleans(),
    ),
    max_size=14,
)
_SPECS = st.builds(
    ClassificationSpec,
    basis=st.sampled_from(["units", "revenue"]),
    threshold_7d=st.integers(0, 6),
    threshold_14d=st.integers(0, 6),
    threshold_30d=st.integers(0, 6),
    banana_count=st.integers(0, 3),
    stale_days=st.sampled_from([1, 6, 7, 13, 30, 60]),
    w7=st.sampled_from([0.1, 1.0]),
    w14=st.sampled_from([0, 0.3]),
    w30=st.sampled_from([0, 0.2, 7]),
)
_DIMENSION = [
    product("prd_a", published_day=AS_OF - timedelta(days=13)),
    product("prd_b", is_active=False),
    product("prd_c", published_day=None, created_day=AS_OF - timedelta(days=7)),
    product("prd_d", published_day=None),
]
_SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        ("source_version_at", pa.timestamp("us", "UTC")),
        ("product_id", pa.string()),
        ("quantity", pa.int64()),
        ("amount_minor", pa.int64()),
        ("currency", pa.string()),
        ("is_test", pa.bool_()),
        ("__ingest_ts", pa.timestamp("us", "UTC")),
    ]
)


@pytest.fixture(scope="module")
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as session:
        session.execute("SET TimeZone = 'Asia/Tokyo'")  # the session's zone must not matter
        yield session


def events_of(facts: list[Any], copies: list[Any]) -> list[dict[str, Any]]:
    """Return copies of facts: a fact's type and instant never change, the rest may."""
    rows = []
    for order, (number, version, product_id, quantity, currency, is_test) in enumerate(copies):
        name, kind, at = facts[number % len(facts)]
        sign = 1 if kind == "order_created" else -1
        row = event(
            f"{kind}-{name}-{at}", product_id, at, kind=kind, quantity=sign * quantity,
            amount=sign * quantity, version=LATEST + timedelta(hours=version),
            currency=currency, is_test=is_test,
        )  # fmt: skip
        rows.append({**row, "__ingest_ts": LATEST + timedelta(seconds=order)})
    return rows


def measured(
    session: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], spec: ClassificationSpec
) -> tuple[oracle.Sales, dict[str, dict[str, Any]]]:
    names = _SCHEMA.names
    session.register("events", pa.Table.from_pylist(
        [{name: row[name] for name in names} for row in rows], schema=_SCHEMA
    ))  # fmt: skip
    session.execute(
        f"CREATE OR REPLACE TEMP TABLE daily_sales AS {sql.DAILY_SALES}",
        {"timezone": ZONE, "currency": "USD"},
    )
    session.execute(f"CREATE OR REPLACE TEMP TABLE sales AS {sql.MEASURED_SALES}")
    session.execute(f"CREATE OR REPLACE TEMP TABLE carried AS {sql.NOTHING_CARRIED}")
    windows = f"CREATE OR REPLACE TEMP TABLE windows AS {sql.WINDOWS}"
    session.execute(windows, {"as_of": AS_OF})
    values = {**spec.model_dump(), "as_of": AS_OF, "currency": "USD"}
    session.execute(f"CREATE OR REPLACE TEMP TABLE performance AS {sql.PERFORMANCE}", values)
    performance = session.sql("SELECT * FROM performance").to_arrow_table().to_pylist()
    found = session.sql("SELECT * FROM sales").to_arrow_table().to_pylist()
    sales = {(row.pop("day"), row.pop("product_id")): tuple(row.values()) for row in found}
    return sales, {row["product_id"]: row for row in performance}


@pytest.fixture(scope="module", autouse=True)
def dimension(session: duckdb.DuckDBPyConnection) -> None:
    session.execute(
        "CREATE TEMP TABLE dimension (product_id VARCHAR, product_name VARCHAR, is_active BOOLEAN,"
        " published_day DATE, created_day DATE, tags VARCHAR[], categories VARCHAR[],"
        f" designer VARCHAR, override {sql.OVERRIDE_TYPE})"
    )
    for row in _DIMENSION:
        session.execute(
            "INSERT INTO dimension VALUES ($1, $2, $3, $4, $5, [], [], NULL, NULL)",
            [row["product_id"], row["product_name"], row["is_active"], row["published_day"],
             row.get("created_day")],
        )  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=st.lists(_FACTS, min_size=1, max_size=6), copies=_COPIES, spec=_SPECS)
def test_any_history_equals_the_oracle(
    session: duckdb.DuckDBPyConnection, facts: list[Any], copies: list[Any], spec: Any
) -> None:
    rows = events_of(facts, copies)
    sales, performance = measured(session, rows, spec)
    expected = oracle.daily_sales(rows, ZONE, "USD")
    assert sales == expected
    assert_performance(
        performance, oracle.performance(expected, _DIMENSION, spec.model_dump(), AS_OF)
    )


def class_of(session: duckdb.DuckDBPyConnection, spec: ClassificationSpec, *sold: int) -> str:
    """Return the class of a product that sold so many units today, 7 and 14 days ago."""
    sales = [
        event(f"e{days}", "prd_a", LATEST - timedelta(days=days), quantity=units)
        for days, units in zip((0, 7, 14), sold, strict=False)
    ]
    rows = [{**sale, "__ingest_ts": LATEST} for sale in sales]
    return str(measured(session, rows, spec)[1]["prd_a"]["nominal_classification"])


def test_thresholds_hold_from_their_value_on(session: duckdb.DuckDBPyConnection) -> None:
    spec = ClassificationSpec(
        threshold_7d=5, threshold_14d=9, threshold_30d=20, banana_count=1, stale_days=14
    )
    assert class_of(session, spec, 5, 4) != "top_riser"  # the launch is 7 days ago: 4, then 9
    assert class_of(session, spec, 4, 5) == "top_riser"
    assert class_of(session, spec, 3, 5) == "banana"
    assert class_of(session, spec, 16, 0, 4) == "winner"
    assert class_of(session, spec, 15, 0, 4) == "banana"
    no_rank = spec.model_copy(update={"banana_count": 0})
    assert class_of(session, no_rank, 15, 0, 4) == "none"
    assert class_of(session, no_rank) == "none"  # published 13 days ago
    assert class_of(session, no_rank.model_copy(update={"stale_days": 13})) == "archive_candidate"
