"""Workflows on the edge that measure: against `python -m measurement`, over a small real lake."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pyarrow as pa
import pytest
from local.iceberg_rest import CatalogServer, serve_catalog

from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.measurement_tables import EVENTS
from shared.adapters.lake.tables import ensure_tables
from tests.fixtures.edge import Surroundings
from tests.fixtures.measurement import event
from tests.wasm.test_background_workflows import ended

TOKEN = "lake-token"
CARRIED = (
    "SELECT t.id, t.name, array_agg(p.id ORDER BY p.id) AS products FROM product_tag AS t"
    " JOIN link_product_tag AS l ON l.tag_id = t.id JOIN product AS p ON p.id = l.product_id"
    " WHERE p.status = 'ACTIVE' AND p.deleted_at IS NULL"
    " GROUP BY t.id HAVING count(*) BETWEEN 3 AND 20 ORDER BY count(*), t.id LIMIT 2"
)


def asked(url: str, action: Callable[[asyncpg.Connection[Any]], Awaitable[Any]]) -> Any:
    """Do something with the Workers' database."""

    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await action(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[CatalogServer]:
    """An empty lake with its tables."""
    with serve_catalog(tmp_path / "lake", TOKEN) as server:
        with closing(load_catalog(server.url, server.warehouse, server.token)) as catalog:
            ensure_tables(catalog)
        yield server


@pytest.fixture
def measurement(lake: CatalogServer, surroundings: Surroundings, tmp_path: Path) -> Iterator[None]:
    """The measurement process where `MEASUREMENT_URL` says."""
    url = httpx.URL(surroundings.variables["MEASUREMENT_URL"])
    settings = {
        "CATALOG_URI": lake.url, "CATALOG_WAREHOUSE": lake.warehouse, "CATALOG_TOKEN": TOKEN,
        "MEASUREMENT_TOKEN": surroundings.variables["MEASUREMENT_TOKEN"],
        "PORT": str(url.port), "STAGING": str(tmp_path / "staging"),
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "measurement"], env=os.environ | settings)
    try:
        for _ in range(600):
            assert process.poll() is None
            try:
                if httpx.get(url.join("/health"), trust_env=False).status_code < 500:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.usefixtures("measurement")
def test_what_is_sold_together_is_measured_and_suggested(
    ports: Callable[..., Any],
    lake: CatalogServer,
    edge_database_url: str,
) -> None:
    ports("queue.send", {"job_type": "PRODUCT_TAG_SYNC", "run_id": "edge-measured-tags"})
    status = ended(ports, "product-tag-sync", "edge-measured-tags")
    assert status["state"] == "complete", status
    first, second = asked(edge_database_url, lambda db: db.fetch(CARRIED))
    currency, everything = asked(edge_database_url, _shop)
    _sell(lake, {*first["products"], *second["products"]}, everything, currency)
    asked(edge_database_url, lambda db: _classify(db, [first["id"], second["id"]]))
    try:
        refresh = {"job_type": "MEASUREMENT_DATASET_REFRESH", "run_id": "edge-refresh"}
        for _ in range(2):  # delivered twice, run once
            ports("queue.send", refresh)
        status = ended(ports, "measurement-refresh", "edge-refresh")
        assert status["state"] == "complete", status
        run = ports("watermarks.run", "edge-refresh")
        assert (run["status"], run["events_read"]) == ("complete", len(everything))
        ports("queue.send", {"job_type": "SUGGESTION_GENERATE", "run_id": "edge-suggestions"})
        status = ended(ports, "suggestion-generation", "edge-suggestions")
        assert status["state"] == "complete", status
        kept = asked(edge_database_url, _suggestions)
    finally:
        asked(edge_database_url, _as_it_was)
    assert kept == [{first["name"], second["name"]}]
    assert ports("watermarks.run", "edge-suggestions")["suggestions"] == 1


async def _shop(db: asyncpg.Connection[Any]) -> tuple[str, list[str]]:
    currency = await db.fetchval("SELECT currency FROM order_header LIMIT 1")
    rows = await db.fetch("SELECT id FROM product WHERE status = 'ACTIVE' AND deleted_at IS NULL")
    return currency or "USD", [row["id"] for row in rows]


def _sell(lake: CatalogServer, much: set[str], everything: list[str], currency: str) -> None:
    """Land a sale of each product, of many units of those that sell well."""
    at = datetime.now(UTC) - timedelta(days=2)
    rows = [
        {
            **event(f"e-{name}", name, at, quantity=50 if name in much else 1, currency=currency),
            "__ingest_ts": at + timedelta(microseconds=number),
        }
        for number, name in enumerate(everything)
    ]
    with closing(load_catalog(lake.url, lake.warehouse, lake.token)) as catalog:
        table = catalog.load_table(EVENTS)
        table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))


async def _classify(db: asyncpg.Connection[Any], tags: list[str]) -> None:
    """Put each tag into a group of its own."""
    for number, tag in enumerate(tags):
        await db.execute(
            "INSERT INTO product_category VALUES ($1, $1, NULL, 0, 1, now(), 't', now(), 't')",
            f"pct_edge_{number}",
        )
        await db.execute(
            "UPDATE product_tag SET category_id = $1 WHERE id = $2", f"pct_edge_{number}", tag
        )


async def _as_it_was(db: asyncpg.Connection[Any]) -> None:
    await db.execute("UPDATE product_tag SET category_id = NULL WHERE category_id ~ '^pct_edge_'")
    await db.execute("DELETE FROM product_category WHERE id ~ '^pct_edge_'")


async def _suggestions(db: asyncpg.Connection[Any]) -> list[set[str]]:
    rows = await db.fetch(
        "SELECT payload->'tags' AS tags FROM macrodata_artifact WHERE kind = 'combo_suggestion'"
    )
    return [set(json.loads(row["tags"])) for row in rows]
