"""Routes over ingest's runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from dashboard_api.dependencies import IngestWorker
from dashboard_api.schemas import RunRead
from shared.errors import NotFound
from shared.http.pagination import Page, PageParameters, bad_cursor, decode_cursor, encode_cursor
from shared.http.problems import responses
from shared.jobs import RunId

router = APIRouter(prefix="/api/ingest", tags=["Ingest"])


class RunNotFound(NotFound):
    """There is no run with this id among the last 500."""


@router.get("/runs", summary="List the last runs, newest first", responses=responses(400))
async def list_runs(
    ingest: IngestWorker, page: Annotated[PageParameters, Query()]
) -> Page[RunRead]:
    """Runs of every Workflow; the last 500 are kept, older ones are in `sync.telemetry`."""
    before = None if page.cursor is None else _before(page.cursor)
    runs = [RunRead(**run) for run in await ingest.runs(limit=page.limit + 1, before=before)]
    more = len(runs) > page.limit
    cursor = encode_cursor({"before": runs[page.limit - 1].run_id}) if more else None
    return Page(items=runs[: page.limit], next_cursor=cursor)


@router.get("/runs/{run_id}", summary="Read one run", responses=responses(400, 404))
async def read_run(ingest: IngestWorker, run_id: Annotated[RunId, Path()]) -> RunRead:
    """The summary of a run: its state, counts, watermark, and its error if it failed."""
    if (run := await ingest.run(run_id)) is None:
        raise RunNotFound(run_id)
    return RunRead(**run)


def _before(cursor: str) -> str:
    before = decode_cursor(cursor).get("before")
    if not isinstance(before, str):
        raise bad_cursor()
    return before
