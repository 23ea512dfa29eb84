"""What a scenario may ask of a running platform, wherever it runs.

A scenario takes the fixture `target` and speaks HTTP, SQL and Iceberg, so it runs unchanged on the
local platform (`make e2e`) and on the Workers in workerd (`make e2e-edge`). What the two do
differently is behind this interface and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import httpx
import orjson

from shared.clock import parse_instant
from shared.ports import JsonObject
from shared.telemetry import Stream

Row = Mapping[str, Any]


class Target(Protocol):
    """One platform with its shop, database and lake: synced and measured when a test gets it.

    All scenarios share it, so a test makes what it looks at (orders, products, publishers) and
    never counts what others may have made too.
    """

    @property
    def name(self) -> str:
        """Return `local` or `edge`."""
        ...

    @property
    def staff(self) -> httpx.AsyncClient:
        """Return a client of dashboard-api, signed in as a member of staff."""
        ...

    @property
    def public(self) -> httpx.AsyncClient:
        """Return a client of platform-api, without credentials."""
        ...

    @property
    def ingest(self) -> httpx.AsyncClient:
        """Return a client of what Shopify reaches: webhooks and the OAuth callback."""
        ...

    @property
    def internal(self) -> httpx.AsyncClient:
        """Return a client of ingest's routes for the other Workers: runs, leases, dead letters."""
        ...

    @property
    def shop(self) -> Shop:
        """Return the controls of the emulated shop; it outlives a kill of the platform."""
        ...

    @property
    def database_url(self) -> str:
        """Return the URL of the PostgreSQL database."""
        ...

    @property
    def webhook_secret(self) -> str:
        """Return what the shop signs its deliveries with."""
        ...

    def user_token(self, email: str) -> str:
        """Return an Access token of a person, for the header `Cf-Access-Jwt-Assertion`."""
        ...

    def service_token(self, client_id: str) -> str:
        """Return an Access token of a service."""
        ...

    def share(self, name: str, body: bytes) -> str:
        """Put a file into the emulated Dropbox and return its share link."""
        ...

    async def rows(self, sql: str, *arguments: object) -> Sequence[Row]:
        """Return the rows of a query on the database."""
        ...

    async def events(self, stream: Stream) -> Sequence[Row]:
        """Return what a stream has landed in the lake, once for each `event_id`, the newest."""
        ...

    async def table(self, name: str) -> Sequence[Row]:
        """Return the rows of an Iceberg table such as `measurement.sales`."""
        ...

    async def land(self) -> None:
        """Return once every event accepted so far is in the lake."""
        ...

    async def fire(self, cron: str, at: datetime) -> None:
        """Start what a cron expression starts, as if it were this minute."""
        ...

    async def run(self, run_id: str, seconds: float = 240) -> JsonObject:
        """Return the summary of a run once it has ended."""
        ...

    async def settled(self, seconds: float = 240) -> None:
        """Return once the queue is empty and no Workflow runs."""
        ...

    async def eventually(
        self, look: Callable[[], Awaitable[Any]], wanted: object = ..., seconds: float = 120
    ) -> Any:
        """Look until the answer is what is wanted (by default: true) and return it."""
        ...

    async def kill(self) -> None:
        """Kill -9 the platform, with whatever it is doing; shop, database and state stay."""
        ...

    async def restart(self) -> None:
        """Start it again on its state, at the same addresses."""
        ...


@dataclass(frozen=True, slots=True)
class Shop:
    """The emulated shop's controls: `/_emulator`."""

    http: httpx.AsyncClient

    async def change(self, action: str, *, silent: bool = False, **arguments: Any) -> JsonObject:
        """Do what a merchant or buyer does: see `local.shopify.changes`; silent is unannounced."""
        answer = await self._post("changes", {"action": action, "silent": silent, **arguments})
        result: JsonObject = answer.get("order") or answer.get("product") or answer
        return result

    async def place_order(
        self, *lines: tuple[int, int], silent: bool = False, **more: Any
    ) -> JsonObject:
        """Place a paid order of (variant id, quantity) and return all that is true of it."""
        return await self.change("add_order", lines=lines, silent=silent, **more)

    async def send_webhook(self, topic: str, **message: Any) -> JsonObject:
        """Send `order_id`, `product_id` or `body` under a topic to who subscribed, or to `uri`."""
        return await self._post("webhooks", {"topic": topic, **message})

    async def deliveries(self) -> Sequence[JsonObject]:
        """Return every delivery so far with the statuses that its attempts got."""
        deliveries: list[JsonObject] = (await self._get("webhooks"))["deliveries"]
        return deliveries

    async def faults(self, **body: Any) -> JsonObject:
        """Make trouble: `inject={fault: times}`, `chance={fault: p}` or `clear=True`."""
        return await self._post("faults", body)

    async def state(self) -> JsonObject:
        """Return the shop's domain, currency, time zone and how much it holds."""
        return await self._get("state")

    async def clock(self) -> datetime:
        """Return the shop's time."""
        return parse_instant((await self.state())["now"])

    async def orders(self) -> Sequence[JsonObject]:
        """Return the whole truth about every order."""
        return await self._lines("orders")

    async def products(self) -> Sequence[JsonObject]:
        """Return every product."""
        return await self._lines("products")

    async def _get(self, path: str) -> JsonObject:
        answer = await self.http.get(f"/_emulator/{path}")
        answer.raise_for_status()
        found: JsonObject = answer.json()
        return found

    async def _post(self, path: str, body: JsonObject) -> JsonObject:
        answer = await self.http.post(f"/_emulator/{path}", json=body)
        assert answer.is_success, answer.text
        found: JsonObject = answer.json()
        return found

    async def _lines(self, path: str) -> Sequence[JsonObject]:
        answer = await self.http.get(f"/_emulator/{path}")
        answer.raise_for_status()
        return [orjson.loads(line) for line in answer.content.splitlines()]
