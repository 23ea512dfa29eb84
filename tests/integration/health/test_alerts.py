"""The alert: told once when the health turns and once when it is well again, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from ingest.scheduled import UnknownCron, fire
from local.serving import listen, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock, format_instant
from shared.commissions.audit import LAG
from shared.config import Settings
from shared.errors import Unavailable
from shared.health import alerts
from shared.health.alerts import Receiver, tell_of_health
from shared.health.checks import ingest_health
from tests.fixtures.ingest import IngestPorts

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAILY, HOURLY = "0 6 * * *", "0 * * * *"


@dataclass
class Inbox:
    """A receiver of alerts: answers with `statuses` in turn, then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    asked: int = 0
    told: list[Any] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.asked += 1
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 300:
            self.told.append(await request.json())
        return Response(status_code=status)

    @property
    def news(self) -> list[str]:
        return [told["event"] for told in self.told]


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    """A server that takes alerts."""
    inbox = Inbox()
    app = Starlette(routes=[Route("/hook/secret", inbox.take, methods=["POST"])])
    async with serving(app, listen()) as url:
        inbox.url = f"{url}/hook/secret"
        yield inbox


@dataclass
class Platform:
    """Ingest with a health that a test turns."""

    ports: IngestPorts
    databases: AsyncpgDatabases
    clock: FixedClock
    inbox: Inbox

    async def tick(self, cron: str = HOURLY) -> None:
        """Fire a cron as the platform does."""
        await fire(cron, self.clock.now(), self.ports.bindings(databases=self.databases))

    async def tell(self, **others: Any) -> str | None:
        """Tell of the health, with another receiver or other watermarks."""
        ports = self.ports
        look = partial(ingest_health, self.databases, ports.watermarks, ports.objects, self.clock)
        receiver = Receiver(self.inbox.url, httpx.AsyncClient)
        given = {"watermarks": ports.watermarks, "receiver": receiver, **others}
        return await tell_of_health(look, shop="shop-one", clock=self.clock, **given)

    async def all_well(self) -> None:
        """Let the syncs and the refresh have ended just now."""
        now = format_instant(self.clock.now())
        for name in ("orders", "products"):
            await self.ports.watermarks.advance(f"{name}_last_watermark", self.clock.now())
        await self.ports.watermarks.record_run(
            {"run_id": f"refresh-{now}", "workflow": "measurement-refresh", "status": "complete",
             "started_at": now, "finished_at": now}
        )  # fmt: skip


@pytest.fixture
async def platform(
    tmp_path: Path, databases: AsyncpgDatabases, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Platform]:
    """Ingest that is well."""
    monkeypatch.setattr(alerts, "PAUSES", (0.0, 0.0))
    clock = FixedClock(NOW)
    settings = Settings(SHOP_DOMAIN="127.0.0.1:1", ALERT_WEBHOOK_URL=inbox.url)
    ports = IngestPorts(tmp_path, clock=clock, settings=settings)
    platform = Platform(ports, databases, clock, inbox)
    await platform.all_well()
    yield platform
    ports.close()


async def test_says_nothing_while_all_is_well(platform: Platform) -> None:
    await platform.tick()
    assert platform.inbox.asked == 0


async def test_tells_once_of_an_episode_and_once_of_its_end(platform: Platform) -> None:
    platform.clock.advance(3 * HOUR)  # no refresh for three hours
    for _ in range(3):
        await platform.tick()
        platform.clock.advance(HOUR)
    assert platform.inbox.news == ["degraded"]
    await platform.all_well()
    for _ in range(2):
        await platform.tick()
    assert platform.inbox.news == ["degraded", "recovered"]
    platform.clock.advance(27 * HOUR)
    await platform.tick()
    assert platform.inbox.news == ["degraded", "recovered", "degraded"]


async def test_says_what_is_wrong_and_since_when(platform: Platform) -> None:
    await platform.ports.objects.put("dead-letters/2026-11-20/1.json", b"{}")
    platform.clock.advance(27 * HOUR)
    await platform.tick()
    (told,) = platform.inbox.told
    ill = {check["name"] for check in told["checks"] if check["status"] != "ok"}
    assert ill == {"orders sync", "products sync", "measurement refresh", "dead letters"}
    assert all(name in told["text"] for name in ill)
    assert (told["shop"], told["status"], told["since"]) == (
        "127.0.0.1:1", "degraded", format_instant(platform.clock.now()),
    )  # fmt: skip
    since = told["since"]
    await platform.ports.objects.delete("dead-letters/2026-11-20/1.json")
    await platform.all_well()
    await platform.tick()
    assert (platform.inbox.told[-1]["status"], platform.inbox.told[-1]["since"]) == ("ok", since)
    assert "secret" not in str(platform.inbox.told)


async def test_a_ledger_that_does_not_add_up_is_an_episode(platform: Platform) -> None:
    async with platform.databases.open() as db:
        await db.execute(
            "INSERT INTO ledger_transaction (id, kind, publisher_id, currency, amount_minor,"
            " occurred_at, booked_at, booked_by) VALUES ('ltx_1', 'accrual', 'pub_1', 'EUR', 5,"
            " $1, $1, 'test')",
            NOW,
        )
        await platform.tick()
        assert platform.inbox.told == []  # whoever booked it a moment ago may not be done
        platform.clock.advance(LAG)
        for _ in range(2):
            await platform.tick()
        (told,) = platform.inbox.told
        assert told["text"] == "127.0.0.1:1 is degraded: ledger: does not add up: ltx_1"
        await db.execute(
            "INSERT INTO ledger_entry SELECT 'lge_' || side, 'ltx_1', 'acc_' || side, side * 5, $1"
            " FROM (VALUES (1), (-1)) AS sides (side)",
            NOW,
        )
    await platform.tick()
    assert platform.inbox.news == ["degraded", "recovered"]


async def test_a_database_that_does_not_answer_is_an_episode_too(platform: Platform) -> None:
    platform.databases = AsyncpgDatabases("postgres://nobody@127.0.0.1:1/none")
    await platform.tick()
    assert (platform.inbox.news, platform.inbox.told[0]["status"]) == (["degraded"], "down")


async def test_tries_again_within_a_tick(platform: Platform) -> None:
    platform.inbox.statuses = [503, 429]
    platform.clock.advance(3 * HOUR)
    await platform.tick()
    assert (platform.inbox.asked, platform.inbox.news) == (3, ["degraded"])


async def test_a_receiver_that_was_away_hears_of_it_at_the_next_tick(platform: Platform) -> None:
    platform.inbox.statuses = [500, 500, 500]
    platform.clock.advance(3 * HOUR)
    await platform.tick()
    assert platform.inbox.told == []
    await platform.tick()
    assert platform.inbox.news == ["degraded"]


async def test_two_ticks_of_a_minute_tell_once(platform: Platform) -> None:
    platform.clock.advance(27 * HOUR)
    await asyncio.gather(platform.tick(DAILY), platform.tick(HOURLY))
    assert platform.inbox.news == ["degraded"]


async def test_never_fails_the_tick(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    dead = Receiver("http://127.0.0.1:1/hook/secret", httpx.AsyncClient)
    assert await platform.tell(receiver=dead) is None
    platform.clock.advance(3 * HOUR)
    assert await platform.tell(receiver=dead) is None
    assert await platform.tell(receiver=Receiver("http://[bad", httpx.AsyncClient)) is None
    assert await platform.tell(watermarks=_Away()) is None
    ours = [record for record in caplog.records if record.name == alerts.__name__]
    assert ours
    assert not any("secret" in str(vars(record)) for record in ours)
    assert await platform.tell() == "degraded"  # whatever failed left no lease behind


async def test_an_unknown_cron_is_told_of_the_health_all_the_same(platform: Platform) -> None:
    platform.clock.advance(3 * HOUR)
    with pytest.raises(UnknownCron):
        await platform.tick("5 5 * * *")
    assert platform.inbox.news == ["degraded"]


class _Away:
    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def fail(*_args: object, **_options: object) -> Any:
            raise Unavailable(name)

        return fail
