"""Bench of webhooks: deliveries dealt with per second under every trouble, and time to accept one.

What happens is what the suite lets happen small (`tests/fixtures/webhook_chaos.py`): deliveries
shuffled, a fifth of them twice, a twentieth of the attempts failing, a bulk sync at the same time;
the end must be that of a sync from scratch.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import httpx
from ingest.public_app import public_app
from local.postgres import PostgresServer, migrate, start_postgres
from local.serving import listen, serving
from local.shopify.shops import generated_store

from bench.timing import Outcome
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from tests.fixtures.shopify import ANCHOR, EmulatedShopify, serve_shopify
from tests.fixtures.webhook_chaos import Chaos, Report, Size, percentile
from tests.fixtures.webhook_comparison import comparable, differences, from_scratch
from tests.fixtures.webhooks import PATH, UNLIMITED, Webhooks, collect, opened_webhooks, signed

FULL: Final = (2_000, Size(deliveries=10_000, products=500))
QUICK: Final = (60, Size(deliveries=200, products=20))
CONNECTIONS: Final = 8
_SETTING: Final = (
    "The emulated shop, its GraphQL and a bulk sync of everything run in the same process:"
    " deliveries per second are a lower bound."
)
_ACCEPTING: Final = (
    f"The accept path is measured alone, over HTTP with {CONNECTIONS} connections: HMAC,"
    " checks, and the queue on the SQLite journal."
)


def run(directory: Path, *, quick: bool) -> Outcome:
    """Run the bench.

    Args:
        directory: Where its files may be.
        quick: A small shop and few deliveries.
    """
    orders, size = QUICK if quick else FULL
    server = start_postgres(directory / "postgres", throwaway=True)
    try:
        migrate(server.url)
        clock = FixedClock(ANCHOR)
        store = generated_store(seed=7, orders=orders, anchor=ANCHOR, clock=clock)
        with serve_shopify(store, UNLIMITED) as shop:
            report, accepted = asyncio.run(_measure(server, shop, clock, size, directory))
    finally:
        server.stop()
    per_second = report.deliveries / report.handled_seconds
    p50, p99 = (percentile(accepted, share) * 1e3 for share in (0.5, 0.99))
    return Outcome(
        title="Webhooks: accepted and dealt with",
        figures={"webhooks.per_second": per_second, "webhooks.accept_p99_ms": p99},
        rows=[
            ("deliveries", f"{report.deliveries}, {report.troubles} attempts failed on purpose"),
            ("dealt with", f"{per_second:.0f} per second, in {report.handled_seconds:.0f} s"),
            ("accept path", f"median {p50:.1f} ms, p99 {p99:.1f} ms of {len(accepted)}"),
        ],
        notes=(_SETTING, _ACCEPTING),
    )


async def _measure(
    server: PostgresServer, shop: EmulatedShopify, clock: FixedClock, size: Size, directory: Path
) -> tuple[Report, list[float]]:
    collect(shop)
    clock.advance(timedelta(hours=1))
    clone = _cloning(server)
    databases = AsyncpgDatabases(await clone())
    try:
        async with opened_webhooks(databases, directory / "ingest", shop, clock) as webhooks:
            report = await Chaos(webhooks, size).run()
            assert report.accepted == report.deliveries
            assert webhooks.dead_letters() == []
            wanted, newest = await from_scratch(webhooks, clone, directory / "scratch")
            wrong = differences(await comparable(webhooks.sync, report.deleted), wanted)
            assert not wrong, wrong[:10]
            lost = newest.keys() - webhooks.ports.commerce.newest().keys()
            assert not lost, f"{len(lost)} facts are not in the stream"
            return report, await _accept(webhooks, size.deliveries)
    finally:
        await databases.close()


async def _accept(webhooks: Webhooks, count: int) -> list[float]:
    """Deliver over HTTP with nothing else going on; return what each took."""
    order = webhooks.shop.store.order(0)
    assert order is not None
    webhooks.changes.update(order.id, note="timed")
    body = webhooks.taken()[-1].body
    app = public_app(lambda _: webhooks.bindings())
    seconds: list[float] = []
    async with serving(app, listen()) as url:

        async def post(number: int) -> None:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
                for _ in range(number):
                    raw, headers = signed(body, "orders/updated", shop=webhooks.domain)
                    begun = time.perf_counter()
                    answer = await http.post(PATH, content=raw, headers=headers)
                    seconds.append(time.perf_counter() - begun)
                    assert answer.status_code == 200

        await asyncio.gather(*(post(count // CONNECTIONS) for _ in range(CONNECTIONS)))
    return seconds


def _cloning(server: PostgresServer) -> Callable[[], Awaitable[str]]:
    numbers = itertools.count(1)

    async def clone() -> str:
        name = f"bench_{next(numbers)}"
        admin = await asyncpg.connect(server.database_url("postgres"))
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE commerce")
        await admin.close()
        return server.database_url(name)

    return clone
