"""A member of staff at a running platform: everything is asked over HTTP, as anyone would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx

from local.platform import Platform
from shared.errors import Unavailable
from shared.identity.access import HEADER
from shared.performance.schemas import PerformancePage, PerformanceSummary
from shared.ports import JsonObject

METRICS: Final = "/api/performance-metrics"
POLL: Final = 0.2
ENDED: Final = frozenset({"complete", "failed", "skipped", "blocked", "cancelled"})
Watch = Callable[[JsonObject], None]


class Staff:
    """Calls dashboard-api with a token of the Access emulator."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def sync(self) -> dict[str, str]:
        """Ask for a sync and return the run ids by object; a running sync is joined."""
        response = await self.http.post(f"{METRICS}/sync")
        answer: JsonObject = response.json()
        if response.status_code == 409:
            return {answer["object"]: answer["run_id"]}
        if response.status_code != 202:
            raise Unavailable(f"POST {METRICS}/sync answered {response.status_code}: {answer}")
        return {run["object"]: run["run_id"] for run in answer["runs"]}

    async def finished(
        self, run_id: str, *, watch: Watch = lambda _: None, timeout: float = 3600
    ) -> JsonObject:
        """Return the summary of a run once it has ended.

        Raises:
            Unavailable: It has not ended in time.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            response = await self.http.get(f"/api/ingest/runs/{run_id}")
            if response.status_code == 200:
                run: JsonObject = response.json()
                watch(run)
                if run.get("status") in ENDED:
                    return run
            await asyncio.sleep(POLL)
        raise Unavailable(f"run {run_id} has not ended within {timeout:.0f} s")

    async def products(self, *, limit: int = 200, **query: str) -> AsyncIterator[PerformancePage]:
        """Yield the pages of the performance list."""
        parameters: dict[str, str] = {"limit": str(limit), **query}
        while True:
            answer = await self.document(METRICS, parameters)
            page = PerformancePage.model_validate(answer)
            yield page
            if page.next_cursor is None:
                return
            parameters["cursor"] = page.next_cursor

    async def summary(self) -> PerformanceSummary:
        """Return the totals over all products."""
        return PerformanceSummary.model_validate(await self.document(f"{METRICS}/stats/summary"))

    async def document(self, path: str, query: dict[str, str] | None = None) -> JsonObject:
        """Return a JSON document of the API.

        Raises:
            Unavailable: The API answered with a problem.
        """
        response = await self.http.get(path, params=query)
        answer: JsonObject = response.json()
        if not response.is_success and path != "/api/health":
            raise Unavailable(f"GET {path} answered {response.status_code}: {answer['detail']}")
        return answer


@asynccontextmanager
async def staff_of(platform: Platform) -> AsyncIterator[Staff]:
    """Hold a client with a valid token for the block."""
    headers = {HEADER: platform.access.user_token()}
    async with httpx.AsyncClient(
        base_url=platform.url, headers=headers, timeout=60, trust_env=False
    ) as http:
        yield Staff(http)


async def finished_all(
    staff: Staff, runs: Sequence[str], *, watch: Watch = lambda _: None
) -> list[JsonObject]:
    """Return the summaries of several runs once all have ended."""
    return list(await asyncio.gather(*(staff.finished(run, watch=watch) for run in runs)))
