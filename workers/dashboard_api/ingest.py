"""The ingest Worker as dashboard-api sees it: its internal entrypoint, over a service binding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx

from shared.errors import (
    Conflict,
    DomainError,
    FieldProblem,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    Unavailable,
)
from shared.http.problems import problem_type
from shared.jobs import Job, job_message
from shared.ports import JsonObject
from shared.sync.dead_letters import DeadLetterNotFound
from shared.sync.runs import RunGone, RunNotFound, RunNotOver, RunOver

_BY_STATUS: Final = {404: NotFound, 409: Conflict, 413: PayloadTooLarge, 422: InvalidInput}
_BY_TYPE: Final[dict[str, type[DomainError]]] = {
    problem_type(kind()): kind
    for kind in (RunNotFound, RunGone, RunNotOver, RunOver, DeadLetterNotFound)
}
TIMEOUT: Final = timedelta(seconds=15)


class Ingest:
    """Asks ingest for runs, leases and health; its errors arrive as ours."""

    def __init__(self, client: Callable[[], httpx.AsyncClient]) -> None:
        self.client = client

    async def health(self) -> JsonObject:
        """Return ingest's own health document."""
        return await self.ask("GET", "/health")

    async def runs(
        self,
        *,
        limit: int,
        before: str | None = None,
        workflow: str | None = None,
        status: str | None = None,
    ) -> list[JsonObject]:
        """Return run summaries, newest first, older than the run `before`."""
        asked = {"limit": str(limit), "before": before, "workflow": workflow, "status": status}
        query = {name: value for name, value in asked.items() if value is not None}
        answer = await self.ask("GET", "/runs", params=query)
        runs: list[JsonObject] = answer["runs"]
        return runs

    async def run(self, run_id: str) -> JsonObject | None:
        """Return the summary of one run, or None."""
        try:
            return await self.ask("GET", f"/runs/{run_id}")
        except NotFound:
            return None

    async def announce(self, job: Job) -> None:
        """Let a run be followed that is about to be queued."""
        await self.ask("PUT", f"/runs/{job.run_id}", json=job_message(job))

    async def withdraw(self, run_id: str) -> None:
        """Note that an announced run could not be queued."""
        await self.ask("DELETE", f"/runs/{run_id}")

    async def acquire(self, name: str, run_id: str) -> str:
        """Lease `name` for a run and return the run that holds it now: this one, or another."""
        answer = await self.ask("POST", f"/leases/{name}", json={"run_id": run_id})
        return str(answer["held_by"])

    async def release(self, name: str, run_id: str) -> None:
        """Give a lease back if this run holds it."""
        await self.ask("DELETE", f"/leases/{name}", params={"run_id": run_id})

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: JsonObject | None = None,
    ) -> JsonObject:
        """Return what ingest answers.

        Raises:
            DomainError: What ingest says is wrong with the request; Unavailable for all else.
        """
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
    problem = answer if isinstance(answer, dict) else {}
    kind = _BY_TYPE.get(str(problem.get("type"))) or _BY_STATUS.get(status, Unavailable)
    if kind is Unavailable:
        return kind("ingest cannot answer now")
    found = [FieldProblem(p["pointer"], p["detail"]) for p in problem.get("errors", [])]
    return kind(str(problem.get("detail", "")), problems=found)
