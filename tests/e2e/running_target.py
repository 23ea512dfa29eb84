"""What both targets have alike: a shop in a process of its own, and a platform in another."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from local.access_emulator import STAFF, AccessEmulator
from local.addresses import Addresses
from local.controls import HEADER as CONTROL
from local.dropbox_emulator import DropboxEmulator
from local.lander import Lander
from local.postgres import start_postgres
from local.staff import ENDED
from local.state import State

from shared.adapters.embedded.journal import Journal
from shared.adapters.lake.catalog import load_catalog
from shared.identity.access import HEADER
from shared.ports import JsonObject
from shared.telemetry import Stream
from tests.e2e.processes import Command, free_ports
from tests.e2e.target import Row, Shop

ORDERS = 600
SEED = 3
RETRY_SCALE = 0.02
"""A failed delivery is retried after one second first, and given up after five minutes."""
START = 600.0
POLL = 0.1


class RunningTarget(ABC):
    """A platform on a state directory of the tests' own."""

    name: str
    quiet: float
    """Seconds without a change after which nothing is on its way any more."""

    def __init__(self, directory: Path) -> None:
        self.state = State(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.ports = dict(
            zip(("dashboard", "platform", "ingest", "shop"), free_ports(4), strict=True)
        )
        self._shop = Command(
            "shop", "--state", str(directory), "--port", str(self.ports["shop"]),
            "--orders", str(ORDERS), "--seed", str(SEED), "--retry-scale", str(RETRY_SCALE),
            log=directory / "shop.log",
        )  # fmt: skip
        self._platform = Command(*self.command(), log=directory / "output.log")
        self.staff = self._client("dashboard")
        self.public = self._client("platform")
        self.ingest = self._client("ingest")
        self.internal = httpx.AsyncClient(trust_env=False, timeout=60)
        self.shop = Shop(self._client("shop"))

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the arguments that start the platform."""

    @abstractmethod
    async def fire(self, cron: str, at: datetime) -> None:
        """Start what a cron expression starts, as if it were this minute."""

    async def busy(self) -> bool:
        """Return whether something is known to be on its way; the edge does not tell."""
        return False

    @property
    def shop_url(self) -> str:
        """Return where the shop is."""
        return f"http://127.0.0.1:{self.ports['shop']}"

    @property
    def addresses(self) -> Addresses:
        """Return where everything is."""
        return Addresses.of_state(self.state)

    @property
    def database_url(self) -> str:
        """Return the URL of the PostgreSQL database."""
        return self.addresses.database

    @property
    def webhook_secret(self) -> str:
        """Return what the shop signs its deliveries with."""
        return f"shpss_{self.state.secret('shopify webhooks')}"

    def user_token(self, email: str = STAFF) -> str:
        """Return an Access token of a person."""
        return AccessEmulator.of_state(self.state.access).user_token(email)

    def service_token(self, client_id: str) -> str:
        """Return an Access token of a service."""
        return AccessEmulator.of_state(self.state.access).service_token(client_id)

    def share(self, name: str, body: bytes) -> str:
        """Put a file into the emulated Dropbox and return its share link."""
        dropbox = DropboxEmulator(self.state.dropbox)
        (dropbox.directory / name).write_bytes(body)
        return dropbox.link(name)

    async def start(self) -> None:
        """Start the shop and the platform."""
        await self._shop.start()
        await self._listening(self._shop, self.shop.state)
        await self.restart()

    async def restart(self) -> None:
        """Start the platform on its state, at the same addresses."""
        self.state.addresses.unlink(missing_ok=True)
        await self._platform.start()
        deadline = time.monotonic() + START
        while not self.state.addresses.exists():
            self._platform.check()
            assert time.monotonic() < deadline, self._platform.log.read_text()[-3000:]
            await asyncio.sleep(POLL)
        self.staff.headers[HEADER] = self.user_token()
        self.internal.base_url = httpx.URL(self.addresses.internal)
        self.internal.headers[CONTROL] = self.addresses.control

    async def kill(self) -> None:
        """Kill -9 the platform and all that it started but the database's server."""
        await self._platform.kill()

    async def stop(self) -> None:
        """End everything."""
        await self._platform.stop()
        await self._shop.stop()
        for client in (self.staff, self.public, self.ingest, self.internal, self.shop.http):
            await client.aclose()
        if (self.state.postgres / "cluster" / "postmaster.pid").exists():
            start_postgres(self.state.postgres).stop()  # it was killed and not started again

    async def rows(self, sql: str, *arguments: object) -> Sequence[Row]:
        """Return the rows of a query on the database."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return [dict(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()

    async def land(self) -> None:
        """Land what is accepted: the lander's own work, from here."""
        where = self.addresses
        with (
            closing(Journal(self.state.journal)) as journal,
            closing(load_catalog(where.catalog, where.warehouse, where.catalog_token)) as catalog,
        ):
            await Lander(journal, catalog).flush()

    async def table(self, name: str) -> Sequence[Row]:
        """Return the rows of an Iceberg table."""
        where = self.addresses
        with closing(load_catalog(where.catalog, where.warehouse, where.catalog_token)) as catalog:
            rows: list[Row] = catalog.load_table(name).scan().to_arrow().to_pylist()
            return rows

    async def events(self, stream: Stream) -> Sequence[Row]:
        """Return a stream's landed events, the newest of each id."""
        await self.land()
        newest: dict[str, Row] = {}
        for row in await self.table(f"{stream}.telemetry"):
            held = newest.get(row["event_id"])
            if held is None or row["source_version_at"] >= held["source_version_at"]:
                newest[row["event_id"]] = row
        return list(newest.values())

    async def run(self, run_id: str, seconds: float = 240) -> JsonObject:
        """Return the summary of a run once it has ended."""

        async def look() -> JsonObject | None:
            answer = await self.staff.get(f"/api/ingest/runs/{run_id}")
            summary: JsonObject = answer.json()
            return summary if summary.get("status") in ENDED else None

        found: JsonObject = await self.eventually(look, seconds=seconds)
        return found

    async def settled(self, seconds: float = 240) -> None:
        """Return once nothing has changed for a while, and nothing is known to be on its way."""
        deadline = time.monotonic() + seconds
        seen, since = await self._picture(), time.monotonic()
        while seen is None or time.monotonic() - since < self.quiet:
            assert time.monotonic() < deadline, "it does not settle"
            await asyncio.sleep(POLL)
            if (now := await self._picture()) != seen or now is None:
                seen, since = now, time.monotonic()

    async def _picture(self) -> object:
        """Return what may still change; None while something runs."""
        answer = await self.staff.get("/api/ingest/runs", params={"limit": "100"})
        runs = answer.json()["items"]
        if await self.busy() or any(run["status"] not in ENDED for run in runs):
            return None
        handled = await self.rows("SELECT count(*) AS handled FROM webhook_delivery")
        delivered = [one["is_delivered"] for one in await self.shop.deliveries()]
        return [run["run_id"] for run in runs], handled, delivered

    async def eventually(
        self, look: Callable[[], Awaitable[Any]], wanted: object = ..., seconds: float = 120
    ) -> Any:
        """Look until the answer is what is wanted (by default: true) and return it."""
        deadline = time.monotonic() + seconds
        while True:
            found = await look()
            if bool(found) if wanted is ... else found == wanted:
                return found
            assert time.monotonic() < deadline, f"still {found!r} after {seconds:.0f} s"
            self._platform.check()
            await asyncio.sleep(POLL)

    def _client(self, part: str) -> httpx.AsyncClient:
        url = f"http://127.0.0.1:{self.ports[part]}"
        return httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)

    async def _listening(self, command: Command, look: Callable[[], Awaitable[Any]]) -> None:
        deadline = time.monotonic() + START
        while True:
            command.check()
            try:
                await look()
            except httpx.TransportError:
                assert time.monotonic() < deadline
                await asyncio.sleep(POLL)
            else:
                return
