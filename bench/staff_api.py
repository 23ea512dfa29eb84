"""Bench of the staff API: what each list takes over 50,000 products and 1,000,000 orders.

Over HTTP on loopback with a real token; every list of the contract, its first page and a part of
it. A list whose plan reads a large table from end to end breaks the bench off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
import httpx
from local.access_emulator import AccessEmulator
from local.postgres import migrate, start_postgres

from bench.lake import Lake, event_batches, open_lake
from bench.timing import Outcome
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.lake.measurement import LakeMeasurement
from tests.fixtures.large_shop import ShopSize, fill_shop, large_tables
from tests.fixtures.plans import RecordingDatabases, end_to_end
from tests.fixtures.staff_api import StaffApi, served_staff_api
from tests.fixtures.staff_lists import LISTS, Listing, documented_lists
from tests.fixtures.webhook_chaos import percentile

FULL: Final = (ShopSize(products=50_000, orders=1_000_000), 2_000_000, 128)
"""The shop, and how many events the lake has, of how many days."""
QUICK: Final = (ShopSize(products=1_000, orders=2_000), 4_000, 4)
LARGE: Final = 50_000
QUICK_LARGE: Final = 20_000
REQUESTS: Final = 100
WARM_UP: Final = 6
"""Requests before: PostgreSQL decides for a general plan after five."""
RUNS: Final = 500
_HEALTH: Final = "GET /api/health"
_DIMENSION: Final = """
    SELECT 'prd_' || md5(n::VARCHAR) AS product_id, 'Lamp ' || n AS product_name,
           n % 20 <> 0 AS is_active, '2020-01-01' AS published_day,
           ['Tag ' || 1 + (n * 7 + k * 3) % $tags FOR k IN [0, 1, 2]] AS tags,
           ['Group ' || 1 + n % 60] AS categories, 'Designer ' || n % 200 AS designer
    FROM range(1, $products + 1) AS r (n) ORDER BY n
"""
_SETTING: Final = (
    "One request at a time over HTTP on loopback, the cases in turn; client, server and the"
    " catalog of the lake share a process, so times are upper bounds. Tokens are verified."
)
_MEASURES: Final = (
    "Lists of measures read the lake anew each time: there is no cache, which on the platform"
    " keeps an answer until the next refresh."
)
_PLANS: Final = (
    "Every statement that a list sent was explained: none reads a table of {rows} rows or more from"
    " end to end ({tables})."
)
Samples = dict[str, list[float]]
Cases = Mapping[str, Callable[[], Awaitable[object]]]


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: A small shop and few requests.
    """
    server = start_postgres(directory / "postgres", throwaway=True)
    try:
        migrate(server.url)
        return asyncio.run(measure_lists(directory, server.url, quick=quick))
    finally:
        server.stop()


async def measure_lists(directory: Path, url: str, *, quick: bool) -> Outcome:
    """Fill a migrated, empty database and a lake, and time the lists over them."""
    size, events, days = QUICK if quick else FULL
    begun = time.perf_counter()
    await fill_shop(url, size)
    print(f"  the shop is there after {time.perf_counter() - begun:.0f} s", flush=True)
    with open_lake(directory / "lake") as lake:
        await _measure_sales(lake, size, events, days)
        return await _serve(directory, url, lake, quick=quick)


async def _measure_sales(lake: Lake, size: ShopSize, events: int, days: int) -> None:
    """Land events, and measure the products that the shop has."""
    numbers = {"products": size.products, "tags": size.tags}
    with duckdb.connect() as session:
        session.execute(f"COPY ({_DIMENSION}) TO '{lake.dimension}' (FORMAT json)", numbers)
    for _, files in event_batches(lake, events=events, days=days):
        lake.append(files)
    report = await lake.refresh(await lake.request("run", full=True))
    print(f"  {report['events_read']} events are measured", flush=True)


async def _serve(directory: Path, url: str, lake: Lake, *, quick: bool) -> Outcome:
    large_rows, requests = (QUICK_LARGE, 1) if quick else (LARGE, REQUESTS)
    large = await large_tables(url, large_rows)
    databases = AsyncpgDatabases(url)
    access = AccessEmulator(directory, "http://unset")
    engine = LakeMeasurement(lake.catalog, lake.objects, lake.staging)
    try:
        async with served_staff_api(directory, databases, engine, access) as api:
            await _keep_runs(api)
            cases = await _cases(api.http)
            await _explain(api, databases, cases, large)
            for _ in range(0 if quick else WARM_UP):
                await _round(cases)
            found = await _timed(cases, requests)
    finally:
        await databases.close()
    return _outcome(found, _PLANS.format(rows=large_rows, tables=", ".join(sorted(large))))


async def _keep_runs(api: StaffApi) -> None:
    """Keep as many summaries of runs as are ever kept."""
    for number in range(RUNS):
        await api.ingest.watermarks.record_run(
            {
                "run_id": f"run-{number:04}",
                "workflow": "bulk-sync" if number % 10 else "csv-export",
                "status": "complete",
                "started_at": f"2026-11-{1 + number // 25:02}T{number % 24:02}:00:00Z",
            }
        )


async def _cases(http: httpx.AsyncClient) -> Cases:
    """Return what asks for each list's first page, for a part of it, and for the health."""
    cases: dict[str, Callable[[], Awaitable[object]]] = {_HEALTH: partial(http.get, "/api/health")}
    assert {(one.method, one.path) for one in LISTS} == documented_lists()
    for listing in LISTS:
        for kind, asked in (await listing.requests(http)).items():
            cases[f"{_label(listing)}, {kind}"] = partial(listing.ask, http, asked)
    return cases


async def _explain(
    api: StaffApi, databases: AsyncpgDatabases, cases: Cases, large: frozenset[str]
) -> None:
    """Ask each once, and look at the plans of what it asked."""
    recording = RecordingDatabases(databases)
    api.configure(databases=recording)
    async with databases.open() as db:
        for label, ask in cases.items():
            recording.asked.clear()
            await ask()
            wrong = await end_to_end(db, recording.asked, large)
            assert not wrong, f"{label} reads from end to end: {wrong}"
    api.configure(databases=databases)


def _label(listing: Listing) -> str:
    return f"{listing.method} {listing.path}"


async def _timed(cases: Cases, requests: int) -> Samples:
    found: Samples = {label: [] for label in cases}
    for number in range(requests):
        for label, milliseconds in (await _round(cases)).items():
            found[label].append(milliseconds)
        if number % 10 == 0:
            print(f"  round {number + 1} of {requests}", flush=True)
    return found


async def _round(cases: Cases) -> dict[str, float]:
    taken: dict[str, float] = {}
    for label, ask in cases.items():
        begun = time.perf_counter()
        await ask()
        taken[label] = (time.perf_counter() - begun) * 1e3
    return taken


def _outcome(found: Samples, plans: str) -> Outcome:
    middle = {label: percentile(values, 0.5) for label, values in found.items()}
    slow = {label: percentile(values, 0.99) for label, values in found.items()}
    cheapest = min(middle, key=middle.__getitem__)
    measured = tuple(_label(listing) for listing in LISTS if listing.is_measured)
    lists = [label for label in found if label != _HEALTH]
    slowest = max(lists, key=slow.__getitem__)
    plain = max((one for one in lists if not one.startswith(measured)), key=slow.__getitem__)
    extremes = (
        f"{len(found[cheapest])} requests of each. The cheapest is {cheapest}; the slowest list is"
        f" {slowest}, and of those without measures {plain}."
    )
    return Outcome(
        title="Staff API: a page of each list",
        figures={"staff_api.slowest_p99_ms": slow[slowest]},
        rows=[_row(label, middle[label], slow[label], middle[cheapest]) for label in found],
        notes=(_SETTING, _MEASURES, extremes, plans),
    )


def _row(label: str, middle: float, slow: float, cheapest: float) -> tuple[str, str]:
    ratio = f"{middle / cheapest:.1f} times the cheapest"
    return label, f"p50 {middle:.1f} ms, p99 {slow:.1f} ms, {ratio}"
