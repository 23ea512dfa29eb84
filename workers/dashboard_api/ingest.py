"""The ingest Worker as dashboard-api sees it: its internal entrypoint, over a service binding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx

from shared.errors import Conflict, DomainError, NotFound, Unavailable
from shared.ports import JsonObject

TIMEOUT: Final = timedelta(seconds=15)


class Ingest:
    """Asks ingest for runs, leases and health; its errors arrive as ours."""

    def __init__(self, client: Callable[[], httpx.AsyncClient]) -> None:
        self.client = client

    async def health(self) -> JsonObject:
        """Return ingest's own health document."""
        return await self._ask("GET", "/health")

    async def runs(
        self, *, limit: int, before: str | None = None, workflow: str | None = None
    ) -> list[JsonObject]:
        """Return run summaries, newest first, older than the run `before`."""
        asked = {"limit": str(limit), "before": before, "workflow": workflow}
        query = {name: value for name, value in asked.items() if value is not None}
        answer = await self._ask("GET", "/runs", params=query)
        runs: list[JsonObject] = answer["runs"]
        return runs

    async def run(self, run_id: str) -> JsonObject | None:
        """Return the summary of one run, or None."""
        try:
            return await self._ask("GET", f"/runs/{run_id}")
        except NotFound:
            return None

    async def acquire(self, name: str, run_id: str) -> str:
        """Lease `name` for a run and return the run that holds it now: this one, or another."""
        answer = await self._ask("POST", f"/leases/{name}", json={"run_id": run_id})
        return str(answer["held_by"])

    async def release(self, name: str, run_id: str) -> None:
        """Give a lease back if this run holds it."""
        await self._ask("DELETE", f"/leases/{name}", params={"run_id": run_id})

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: JsonObject | None = None,
    ) -> JsonObject:
        try:
            async with self.client() as client:
                response = await client.request(
                    method, path, params=params, json=json, timeout=TIMEOUT.total_seconds()
                )
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("ingest does not answer now") from error
        if response.is_success and isinstance(answer, dict):
            return answer
        raise _error(response.status_code, answer)


def _error(status: int, answer: object) -> DomainError:
    detail = answer.get("detail", "") if isinstance(answer, dict) else ""
    kind = {404: NotFound, 409: Conflict}.get(status, Unavailable)
    return kind("ingest cannot answer now" if kind is Unavailable else str(detail))
