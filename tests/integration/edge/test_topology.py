"""`wrangler dev` as `make edge` runs it, for real: three Workers, a door to each, one workerd."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from local.access_emulator import AccessEmulator
from local.controls import HEADER as CONTROL
from local.edge.processes import answering
from local.edge.stack import Listeners, RunningWorkers, workers_behind_doors
from local.edge.wake import wake_interrupted
from local.serving import listen, url_of
from local.state import State

from tests.integration.edge.stand_ins import write_stand_ins

SIX = 1_795_240_800_000
VARIABLES = {
    "SHOPIFY_ACCESS_TOKEN": "shop-token",
    "SHOPIFY_WEBHOOK_SECRET": "webhook-secret",
    "MEASUREMENT_TOKEN": "measurement-token",
    "ANALYTICS_TOKEN": "none",
    "STREAMS_URL": "http://127.0.0.1:1/streams",
    "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE": "postgres://a:b@127.0.0.1:1/c",
}


@dataclass
class Doors:
    """The running Workers."""

    root: Path
    state: State
    access: AccessEmulator
    dashboard: str
    platform: str
    ingest: str
    internal: str
    assets: str
    control: str
    http: httpx.AsyncClient
    workers: RunningWorkers

    async def notes(self) -> dict[str, Any]:
        """Return what ingest's Durable Object has noted."""
        answer = await self.http.get(self.internal, headers={CONTROL: self.control})
        notes: dict[str, Any] = answer.json()["notes"]
        return notes

    async def noted(self, key: str) -> Any:
        """Return a note once it is there."""
        return await until(lambda: self._note(key))

    async def _note(self, key: str) -> Any:
        return (await self.notes()).get(key)


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Look until there is something."""
    for _ in range(600):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    pytest.fail("it did not happen")


@asynccontextmanager
async def opened(root: Path, state: State) -> AsyncIterator[Doors]:
    """Run the stack of `make edge`, with JavaScript in place of Python."""
    access = AccessEmulator(state.access, "http://127.0.0.1:1")
    async with AsyncExitStack() as stack:
        listeners = Listeners(listen(), listen(), listen(), listen(), listen())
        workers = await stack.enter_async_context(
            workers_behind_doors(state, listeners, access, VARIABLES, root=root)
        )
        control = state.secret("control")
        internal = url_of(listeners.internal)
        await answering(internal, workers.process, headers={CONTROL: control})
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
        yield Doors(
            root, state, access, url_of(listeners.dashboard), url_of(listeners.platform),
            url_of(listeners.ingest), internal, url_of(listeners.assets), control, http, workers,
        )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    """The running stack."""
    root = tmp_path_factory.mktemp("workers")
    write_stand_ins(root)
    async with opened(root, State(tmp_path_factory.mktemp("state"))) as doors:
        yield doors


async def test_each_worker_has_a_door_and_its_own_address(doors: Doors) -> None:
    token = doors.access.user_token()
    headers = {"Cf-Access-Jwt-Assertion": token, "X-Edge-Worker": "INTERNAL"}
    answer = await doors.http.get(f"{doors.dashboard}/a/b?c=%2F", headers=headers)
    assert answer.json() == {
        "worker": "dashboard",
        "url": f"{doors.dashboard}/a/b?c=%2F",
        "health": {"worker": "internal", "notes": await doors.notes()},
        "token": "shop-token",
        "access": token,
        "routed": None,
    }
    found = (await doors.http.get(f"{doors.ingest}/webhooks/shopify")).json()
    assert found == {
        "worker": "ingest",
        "url": f"{doors.ingest}/webhooks/shopify",
        "ingest": doors.ingest,
        "secret": "webhook-secret",
        "pipelines": "function",
    }
    answer = await doors.http.post(f"{doors.platform}/v1/events?x=1", content=b"\xc3\xa9")
    assert answer.status_code == 201
    assert answer.text == f"version one: POST {doors.platform}/v1/events?x=1 é"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-streams"] == VARIABLES["STREAMS_URL"]


async def test_a_redirect_is_the_clients_to_follow(doors: Doors) -> None:
    answer = await doors.http.get(f"{doors.dashboard}/redirect", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/x")


async def test_a_browser_signs_in_before_the_dashboard(doors: Doors) -> None:
    answer = await doors.http.get(doors.dashboard, headers={"Accept": "text/html"})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/cdn-cgi/access/login")


async def test_internal_needs_the_secret(doors: Doors) -> None:
    assert (await doors.http.get(doors.internal)).status_code == 404
    assert (await doors.http.get(doors.internal, headers={CONTROL: "no"})).status_code == 404


async def test_what_the_dashboard_queues_ingest_consumes_and_a_workflow_runs(doors: Doors) -> None:
    assert (await doors.http.get(f"{doors.dashboard}/queue")).status_code == 204
    assert await doors.noted("ingest-queue-dev") == [{"hello": "ingest"}]
    assert await doors.noted("workflow") == {"hello": "ingest"}


async def test_a_cron_of_ingest_is_fired_as_wrangler_documents_it(doors: Doors) -> None:
    url = f"{doors.ingest}/cdn-cgi/handler/scheduled"
    answer = await doors.http.get(url, params={"cron": "0 6 * * *", "time": str(SIX)})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert await doors.noted("cron") == ["0 6 * * *", SIX]
    answer = await doors.http.get(url, params={"cron": "9 9 9 9 *"})
    assert (answer.status_code, answer.text) == (500, "exception")
    assert (await doors.http.get(url)).status_code == 400
    answer = await doors.http.get(url, params={"cron": "0 6 * * *", "time": "now"})
    assert (answer.status_code, answer.text) == (400, "time is no number of milliseconds\n")


async def test_the_public_bucket_is_served(doors: Doors) -> None:
    await doors.http.get(doors.ingest)
    answer = await doors.http.get(f"{doors.assets}/folder/a%20b.txt")
    assert (answer.text, answer.headers["content-type"]) == ("asset", "text/plain")
    assert (await doors.http.get(f"{doors.assets}/absent")).status_code == 404


async def test_an_edit_is_there_without_a_restart(doors: Doors) -> None:
    entry = doors.root / "platform" / "entry.mjs"
    entry.write_text(entry.read_text().replace("version one", "version two"))

    async def new() -> bool:
        return (await doors.http.get(doors.platform)).text.startswith("version two")

    await until(new)
    assert json.loads((await doors.http.get(doors.ingest)).text)["worker"] == "ingest"


async def test_a_workflow_goes_on_after_a_kill(doors: Doors) -> None:
    looks = (await doors.notes()).get("looks", 0)
    await doors.http.get(f"{doors.ingest}/slow")

    async def looked() -> bool:
        return int((await doors.notes())["looks"]) > looks

    await until(looked)
    os.killpg(doors.workers.process.pid, signal.SIGKILL)
    await doors.workers.process.wait()
    async with opened(doors.root, doors.state) as again:
        assert await wake_interrupted(again.workers.http) == ["slow"]
        await again.http.get(f"{again.ingest}/go")
        assert await again.noted("slow") == {"slow": True}
        assert (await again.notes())["looks"] == looks + 1, "a step that was done is not done again"
        assert await wake_interrupted(again.workers.http) == []
