"""Routes over ingest's runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from dashboard_api.dependencies import Caller, IngestWorker
from dashboard_api.run_requests import RetriedRuns, RetryRequest, RunDetail, RunParameters
from dashboard_api.schemas import RunRead
from dashboard_api.sync_requests import run_href
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.openapi import ACCEPTED
from shared.http.pagination import Page, bad_cursor, decode_cursor, encode_cursor
from shared.http.problems import responses
from shared.jobs import RunId

router = APIRouter(prefix="/api/ingest", tags=["Ingest"], route_class=IdempotentRoute)
_Run = Annotated[RunId, Path()]


@router.get("/runs", summary="List the last runs, newest first", responses=responses(400))
async def list_runs(
    ingest: IngestWorker, asked: Annotated[RunParameters, Query()]
) -> Page[RunRead]:
    """Runs of every Workflow; the last 500 are kept, older ones are in `sync.telemetry`."""
    before = None if asked.cursor is None else _before(asked.cursor)
    found = await ingest.runs(
        limit=asked.limit + 1, before=before, workflow=asked.workflow, status=asked.status
    )
    runs = [RunRead(**run) for run in found]
    more = len(runs) > asked.limit
    cursor = encode_cursor({"before": runs[asked.limit - 1].run_id}) if more else None
    return Page(items=runs[: asked.limit], next_cursor=cursor)


@router.get("/runs/{run_id}", summary="Read one run", responses=responses(400, 404))
async def read_run(
    ingest: IngestWorker,
    run_id: _Run,
    steps: Annotated[bool, Query(description="Whether its steps are read too.")] = True,
) -> RunDetail:
    """Its state, counts, watermark, its error if it failed, and its steps."""
    path = f"/runs/{run_id}/steps" if steps else f"/runs/{run_id}"
    return RunDetail(**await ingest.ask("GET", path))


@router.post(
    "/runs/{run_id}/retry",
    status_code=202,
    summary="Try a failed run again",
    responses={**responses(400, 404, 409, 422), 202: ACCEPTED},
)
async def retry_run(
    ingest: IngestWorker,
    caller: Caller,
    run_id: _Run,
    response: Response,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - the route's class reads it
) -> RunRead:
    """From its first step. 409 while it runs or where it ended well."""
    asked = {"requested_by": caller.name}
    run = await ingest.ask("POST", f"/runs/{run_id}/retry", json=asked)
    response.headers["Location"] = run_href(run_id)
    return RunRead(**run)


@router.post("/runs/{run_id}/cancel", summary="Stop a run", responses=responses(400, 404, 409))
async def cancel_run(ingest: IngestWorker, caller: Caller, run_id: _Run) -> RunRead:
    """Where it is; what it held is free then. 409 where it is over."""
    asked = {"requested_by": caller.name}
    return RunRead(**await ingest.ask("POST", f"/runs/{run_id}/cancel", json=asked))


@router.post(
    "/retry-failed",
    status_code=202,
    summary="Try all failed runs again",
    responses={**responses(400, 409, 415, 422), 202: ACCEPTED},
)
async def retry_failed(
    ingest: IngestWorker,
    caller: Caller,
    asked: RetryRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - the route's class reads it
) -> RetriedRuns:
    """Of one Workflow or of all, that started since; says of each whether it was queued."""
    wanted = asked.model_dump(mode="json") | {"requested_by": caller.name}
    answer = await ingest.ask("POST", "/retry-failed", json=wanted)
    response.headers["Location"] = "/api/ingest/runs"
    return RetriedRuns.model_validate(answer)


def _before(cursor: str) -> str:
    position = decode_cursor(cursor)
    before = position.get("before")
    if position.keys() != {"before"} or not isinstance(before, str):
        raise bad_cursor()
    return before
