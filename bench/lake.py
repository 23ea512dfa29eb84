"""Synthetic commerce events in Iceberg tables of our own making, and products that sold them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from local.iceberg_rest import serve_catalog
from pyiceberg.manifest import DataFile

from bench.refresh_plain import Digest, digests
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.lake.catalog import LakeCatalog, load_catalog
from shared.adapters.lake.landing import write_files
from shared.adapters.lake.measurement import STAGES, LakeMeasurement
from shared.adapters.lake.measurement_tables import EVENTS, PERFORMANCE, SALES
from shared.adapters.lake.tables import ensure_tables
from shared.performance.models import ClassificationSpec
from shared.ports import JsonObject

PRODUCTS: Final = 50_000
CURRENCY: Final = "USD"
TIMEZONE: Final = "Europe/Berlin"
LAST_DAY: Final = date(2026, 11, 20)
_END: Final = datetime(2026, 11, 21, tzinfo=UTC) - timedelta(hours=2)
_TOKEN: Final = "bench"  # noqa: S105 - opens only this catalog
_DAYS_AT_ONCE: Final = 64

# A third of the events count as sales or as their return, the rest is the orders' other life. The
# demand is that of a shop: rank k of 50,000 sells in proportion to about 1 / k^1.05. Every 50th
# event comes twice, its copy with a newer version and, half the time, other amounts.
_EVENTS: Final = """
    WITH numbers AS (
        SELECT n, hash(n, $seed) / 18446744073709551616.0 AS u1,
               hash(n, $seed + 1) / 18446744073709551616.0 AS u2,
               hash(n, $seed + 2) / 18446744073709551616.0 AS u3
        FROM range($low::BIGINT, $high::BIGINT) AS r (n)
    ),
    facts AS (
        SELECT n,
               'evt_' || md5(n::VARCHAR) AS event_id,
               CASE WHEN u1 < 0.30 THEN 'order_created' WHEN u1 < 0.34 THEN 'payment_refunded'
                    WHEN u1 < 0.35 THEN 'order_cancelled' WHEN u1 < 0.60 THEN 'payment_captured'
                    WHEN u1 < 0.90 THEN 'fulfillment_shipped' WHEN u1 < 0.98 THEN 'order_completed'
                    ELSE 'return_requested' END AS event_type,
               $first::TIMESTAMPTZ + to_microseconds(
                   ((n - $low) / ($high - $low)::DOUBLE * $seconds * 1e6)::BIGINT) AS occurred_at,
               'ord_' || md5((n // 5)::VARCHAR) AS order_id,
               'prd_' || md5(
                   floor(((pow($products, -0.05) - 1) * u2 + 1) ** (-1 / 0.05))::INTEGER::VARCHAR
               ) AS product_id,
               CASE WHEN u1 >= 0.30 AND u1 < 0.35 THEN -1 ELSE 1 END
                   * (1 + (u3 * 3)::BIGINT) AS quantity,
               500 + (hash(u2) % 20000)::BIGINT AS price,
               u3 < 0.01 AS is_test,
               hash(n, $seed + 3) % 50 = 0 AS is_twice
        FROM numbers
    ),
    copies AS (
        SELECT *, occurred_at AS version FROM facts
        UNION ALL BY NAME
        SELECT * REPLACE (CASE WHEN n % 2 = 0 THEN quantity * 2 ELSE quantity END AS quantity),
               occurred_at + INTERVAL 90 MINUTE AS version
        FROM facts WHERE is_twice
    )
    SELECT version + INTERVAL 20 SECOND AS __ingest_ts, event_id, event_type, occurred_at,
           version AS source_version_at, order_id, product_id, quantity,
           quantity * price AS amount_minor, $currency AS currency,
           quantity * price AS presentment_amount_minor, $currency AS presentment_currency,
           0::BIGINT AS discount_minor, quantity * price // 5 AS tax_minor, is_test,
           'PAID' AS financial_status, 'DE' AS country_code, 'web' AS source_name,
           []::VARCHAR[] AS discount_codes
    FROM copies
"""
_DIMENSION: Final = """
    SELECT 'prd_' || md5(n::INTEGER::VARCHAR) AS product_id, 'Product ' || n AS product_name,
           n % 20 <> 0 AS is_active, '2020-01-01' AS published_day, ['season ' || n % 4] AS tags,
           ['category ' || n % 30] AS categories, 'Designer ' || n % 200 AS designer
    FROM range(1, $products + 1) AS r (n) ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Lake:
    """A catalog with its telemetry tables, and the engine over it."""

    catalog: LakeCatalog
    objects: DirectoryObjectStore
    staging: Path
    dimension: Path

    def append(self, files: Sequence[DataFile]) -> None:
        """Make data files part of the events, in one commit."""
        table = self.catalog.load_table(EVENTS)
        with (
            table.transaction() as transaction,
            transaction.update_snapshot().merge_append() as append,
        ):
            for file in files:
                append.append_data_file(file)

    def event_files(self) -> list[str]:
        """Return the paths of the Parquet files that hold the events."""
        tasks = self.catalog.load_table(EVENTS).scan().plan_files()
        return sorted(task.file.file_path.removeprefix("file://") for task in tasks)

    def digests(self) -> list[Digest]:
        """Return count and checksum of the measured sales and products."""
        with duckdb.connect() as session:
            for name, table in (("sales", SALES), ("performance", PERFORMANCE)):
                session.register(name, self.catalog.load_table(table).scan().to_arrow())
            return digests(session, "sales", "performance")

    async def request(self, run_id: str, *, full: bool) -> JsonObject:
        """Return what a refresh of the last day is asked."""
        lines = self.dimension.read_bytes()
        digest = hashlib.sha256(lines).hexdigest()
        await self.objects.put("dimension.jsonl", lines)
        return {
            "run_id": run_id,
            "as_of": LAST_DAY.isoformat(),
            "timezone": TIMEZONE,
            "currency": CURRENCY,
            "spec": ClassificationSpec().model_dump(mode="json"),
            "spec_version": 1,
            "dimension_key": "dimension.jsonl",
            "dimension_hash": digest,
            "full": full,
        }

    async def refresh(self, request: JsonObject) -> JsonObject:
        """Run every stage, as the Workflow does, in an engine that knows nothing yet."""
        engine = LakeMeasurement(self.catalog, self.objects, self.staging)
        report: JsonObject = {}
        for stage in STAGES:
            report = await engine.refresh(stage, request)
        return report


@contextmanager
def open_lake(directory: Path) -> Iterator[Lake]:
    """Hold an empty lake behind its REST catalog, as on the local platform."""
    directory.mkdir(parents=True)
    with serve_catalog(directory / "lake", _TOKEN) as server:
        catalog = load_catalog(server.url, server.warehouse, server.token)
        ensure_tables(catalog)
        objects = DirectoryObjectStore(directory / "objects")
        dimension = directory / "dimension.jsonl"
        _write_dimension(dimension)
        yield Lake(catalog, objects, directory / "staging", dimension)
        objects.close()
        catalog.close()


def _write_dimension(path: Path) -> None:
    with duckdb.connect() as session:
        copy = f"COPY ({_DIMENSION}) TO '{path}' (FORMAT json)"
        session.execute(copy, {"products": PRODUCTS})


def event_batches(lake: Lake, *, events: int, days: int) -> Iterator[tuple[int, list[DataFile]]]:
    """Write the events of the last days, oldest first; yield days to go and the files written."""
    first = _END - timedelta(days=days)
    daily = events // days
    at_once = min(_DAYS_AT_ONCE, max(days // 16, 1))
    for start in range(0, days, at_once):
        span = min(at_once, days - start)
        rows = make_events(
            low=start * daily,
            high=(start + span) * daily,
            first=first + timedelta(days=start),
            seconds=span * 86_400,
        )
        yield days - start, write_events(lake, rows)


def make_events(*, low: int, high: int, first: datetime, seconds: int) -> pa.Table:
    """Return the events of these numbers, spread evenly over a time."""
    with duckdb.connect(config={"preserve_insertion_order": False}) as session:
        session.execute("SET TimeZone = 'UTC'")
        values = {
            "low": low,
            "high": high,
            "first": first,
            "seconds": seconds,
            "seed": 7,
            "products": PRODUCTS,
            "currency": CURRENCY,
        }
        return session.sql(_EVENTS, params=values).to_arrow_table()


def write_events(lake: Lake, rows: pa.Table) -> list[DataFile]:
    """Write events to data files of the lake's table; the columns they lack are null."""
    table = lake.catalog.load_table(EVENTS)
    schema = table.schema().as_arrow()
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    whole = pa.table(columns, names=schema.names).cast(schema)
    return write_files(table, whole)
