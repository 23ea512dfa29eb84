"""Bench of events: `POST /v1/events` against a handler that only parses and validates its body.

On the edge in real Pyodide, called as the runtime calls a Worker, one request after the other;
locally the same ASGI application, called without a network.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import stage
import vendor
from fastapi import Request, Response
from local.postgres import migrate, start_postgres
from platform_api.app import create_app
from platform_api.bindings import PlatformBindings
from pydantic import SecretStr

from bench.timing import Outcome, Samples, interleaved
from shared.adapters.embedded.counters import JournalCounters
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.measurement import HttpMeasurement
from shared.adapters.postgresql import PostgresqlDatabase, prepare_connection
from shared.clock import SystemClock
from shared.config import Settings
from shared.engagement.memory import Memory
from shared.engagement.schemas import EventBatch
from shared.ports import CounterPoint, JsonObject
from shared.publishers.credentials import Credential
from shared.publishers.models import item_id
from shared.telemetry_rows import checked_rows
from tests.fixtures.platform_api import product, write_products
from tests.wasm.bridge import Bridge
from tests.wasm.edge_worker import EdgeWorker, seam, worker_options

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = "https://reader.example"
PATH: Final = "/v1/events"
ITEMS: Final = 20
SIZES: Final = {1: 500, 20: 150, 500: 15}
"""Requests per round, by events per request."""
QUICK: Final = dict.fromkeys(SIZES, 5)
ROUNDS: Final = 7
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_KEY: Final = Credential.new("pk")
_SECRETS: Final = {"SHOP_DOMAIN": "127.0.0.1:1", "CLICK_SIGNING_KEY": "signs clicks"}
_SETTING: Final = (
    "Impressions of 20 items by a page with a publishable key; each request is authenticated,"
    " counted against its key, judged, checked against the stream's schema, sent and counted."
)
_EDGE: Final = (
    "Edge: Pyodide on Node, one request at a time; pipeline and Analytics Engine are objects that"
    " copy what they get. Bare: the SDK's own request and response."
)
_LOCAL: Final = (
    "Local: the ASGI application without a server, over a stream and counters that only check what"
    " they get; with the journal, each request is two transactions that reach the disk."
    " Bare: a route of the same application, found first; ours is answered before its framework."
)
Time = Callable[[int, int], float]
"""Seconds of so many requests, of so many events each."""


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: A few requests of each size.
    """
    sizes, rounds = (QUICK, 1) if quick else (SIZES, ROUNDS)
    server = start_postgres(directory / "postgres", throwaway=True)
    try:
        migrate(server.url)
        asyncio.run(_publish(server.url))
        found = _edge(server.url, directory, sizes, rounds)
        for name, samples in _local(server.url, directory, sizes, rounds).items():
            found[f"local {name}"] = samples
    finally:
        server.stop()
    return _outcome(found)


def _outcome(found: Mapping[str, Mapping[str, Samples]]) -> Outcome:
    rows: list[tuple[str, str]] = []
    figures: dict[str, float] = {}
    for place, key in (("", "events.edge_ratio"), ("local ", "events.local_ratio")):
        ours, bare = found[f"{place}ours"], found[f"{place}bare"]
        for label in ours:
            ratio = ours[label].over(bare[label])
            where = "local" if place else "edge"
            rows += [
                (f"{where}, {label}: ours", f"{ours[label]} events/s"),
                (f"{where}, {label}: bare", f"{bare[label]} events/s"),
                (f"{where}, {label}: ours relative to bare", str(ratio)),
            ]
            if label == _label(1):
                figures[key] = ratio.median
    for label, rates in found["local journal"].items():
        rows.append((f"local, {label}: ours with the journal", f"{rates} events/s"))
    return Outcome(
        title="Events: POST /v1/events",
        figures=figures,
        rows=rows,
        notes=(_SETTING, _EDGE, _LOCAL),
    )


def _label(size: int) -> str:
    return f"{size} a request"


def _rates(time_of: Time, sizes: Mapping[int, int], _round: int) -> dict[str, float]:
    return {
        _label(size): size * requests / time_of(size, requests) for size, requests in sizes.items()
    }


async def _publish(url: str) -> None:
    """Publish the items, and issue the key."""
    now = datetime.now(UTC)
    connection = await asyncpg.connect(url)
    made = "now() - interval '1 day'"
    await connection.execute(
        "INSERT INTO publisher (id, name, email, status, created_at, created_by, updated_at,"
        f" updated_by) VALUES ('pub_1', 'P', 'a@b.c', 'active', {made}, 'b', {made}, 'b');"
        "INSERT INTO publication (id, publisher_id, title, description, status, published_at,"
        " created_at, created_by, updated_at, updated_by) VALUES ('pbl_1', 'pub_1', 'P', '',"
        f" 'published', {made}, {made}, 'b', {made}, 'b')"
    )
    await prepare_connection(connection)
    await write_products(PostgresqlDatabase(connection), *(product(n) for n in range(ITEMS)))
    await connection.executemany(
        "INSERT INTO publication_item (id, publication_id, product_id, position, note, is_active)"
        " VALUES ($1, 'pbl_1', $2, 1, '', true)",
        [(item, f"prd_{n}") for n, item in enumerate(_items())],
    )
    await connection.execute(
        "INSERT INTO api_key (id, publisher_id, kind, name, scopes, origins, secret_sha256,"
        " created_at, created_by) VALUES ($1, 'pub_1', 'publishable', 'k', '{}', $2, $3, $4, 'b')",
        _KEY.row_id,
        [PAGE],
        _KEY.digest,
        now,
    )
    await connection.close()


def _items() -> list[str]:
    return [item_id("pbl_1", f"prd_{n}") for n in range(ITEMS)]


def _request(size: int) -> tuple[dict[str, str], str]:
    items = _items()
    events = [{"type": "impression", "item_id": items[n % ITEMS]} for n in range(size)]
    body = json.dumps({"events": events})
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Origin": PAGE,
        "User-Agent": AGENT,
        "X-Api-Key": _KEY.text,
        "CF-Connecting-IP": "203.0.113.7",
        "CF-IPCountry": "DE",
        "Accept": "*/*",
        "Accept-Language": "en",
        "Referer": f"{PAGE}/",
    }
    return headers, body


def _edge(
    url: str, directory: Path, sizes: Mapping[int, int], rounds: int
) -> dict[str, dict[str, Samples]]:
    vendor.vendor()
    stage.stage("platform_api")
    with Bridge() as bridge:
        options = worker_options(
            "platform_api",
            "wrangler.platform.toml",
            seam(directory, bridge.url + "/"),
            vars=_SECRETS,
        )
        edge = EdgeWorker(options, postgresql=url)
        try:
            edge.add(ROOT / "bench" / "edge_events.py")
            edge.python("bench.edge_events")
            times = {
                name: partial(_edge_time, edge, entrypoint)
                for name, entrypoint in (("ours", "Default"), ("bare", "Bare"))
            }
            return _measured(times, sizes, rounds)
        finally:
            edge.close()


def _edge_time(edge: EdgeWorker, entrypoint: str, size: int, requests: int) -> float:
    headers, body = _request(size)
    answer = edge.ask(
        "repeat",
        entrypoint=entrypoint,
        count=requests,
        url=f"https://platform{PATH}",
        method="POST",
        headers=headers,
        body=body,
    )
    assert answer["status"] == 202, answer
    return float(answer["seconds"])


def _measured(
    times: Mapping[str, Time], sizes: Mapping[int, int], rounds: int
) -> dict[str, dict[str, Samples]]:
    for time_of in times.values():
        for size, requests in sizes.items():
            time_of(size, requests)  # what is held is held now, and what is compiled is compiled
    return interleaved({name: partial(_rates, time, sizes) for name, time in times.items()}, rounds)


def _local(
    url: str, directory: Path, sizes: Mapping[int, int], rounds: int
) -> dict[str, dict[str, Samples]]:
    with closing(Journal(directory / "journal.sqlite")) as journal, asyncio.Runner() as runner:
        databases = AsyncpgDatabases(url)
        bindings = PlatformBindings(
            databases=databases,
            publication=SpooledStream(journal, "publication"),
            counters=JournalCounters(journal, clock=SystemClock()),
            measurement=HttpMeasurement(httpx.AsyncClient),
            cache=None,
            settings=Settings(
                SHOP_DOMAIN=_SECRETS["SHOP_DOMAIN"],
                CLICK_SIGNING_KEY=SecretStr(_SECRETS["CLICK_SIGNING_KEY"]),
            ),
            clock=SystemClock(),
            memory=Memory(),
        )
        taking = replace(bindings, publication=_Taking(), counters=_Uncounted())
        kept, app = create_app(lambda _: bindings), create_app(lambda _: taking)
        routed = app.app
        routed.add_api_route("/bare", _bare, methods=["POST"])
        routed.router.routes.insert(0, routed.router.routes.pop())  # found at once
        times = {
            "ours": partial(_local_time, runner, app, PATH),
            "bare": partial(_local_time, runner, app, "/bare"),
            "journal": partial(_local_time, runner, kept, PATH),
        }
        try:
            return _measured(times, sizes, rounds)
        finally:
            runner.run(databases.close())


class _Taking:
    """A stream that checks events as every adapter does, and is done."""

    async def send(self, events: Sequence[JsonObject], /) -> None:
        checked_rows("publication", events)


class _Uncounted:
    """Counters that take the points, and are done."""

    def write(self, points: Sequence[CounterPoint], /) -> None:
        pass

    async def totals(
        self,
        _index: str,
        /,
        *,
        since: datetime,  # noqa: ARG002 - the port names it
    ) -> Mapping[str, Sequence[float]]:
        return {}


async def _bare(request: Request) -> Response:
    batch = EventBatch.model_validate_json(await request.body())
    return Response(f'{{"accepted":{len(batch.events)}}}', 202, media_type="application/json")


def _local_time(runner: asyncio.Runner, app: Any, path: str, size: int, requests: int) -> float:
    headers, body = _request(size)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    async def repeat() -> float:
        begun = time.perf_counter()
        for _ in range(requests):
            await app({**scope, "state": {}}, receive, send)
        return time.perf_counter() - begun

    seconds = runner.run(repeat())
    assert status == 202, status
    return seconds
