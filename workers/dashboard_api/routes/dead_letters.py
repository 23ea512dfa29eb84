"""Routes over dead letters: messages that ingest gave up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import EntityId, IngestWorker
from dashboard_api.pages import position_of
from dashboard_api.run_requests import Day, DeadLetterRead, LetterParameters
from dashboard_api.schemas import RunAccepted
from dashboard_api.sync_requests import run_href
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.openapi import ACCEPTED
from shared.http.pagination import Page, encode_cursor
from shared.http.problems import responses

router = APIRouter(prefix="/api/ingest/dead-letters", tags=["Ingest"], route_class=IdempotentRoute)


@router.get("", summary="List dead letters", responses=responses(400))
async def list_letters(
    ingest: IngestWorker, asked: Annotated[LetterParameters, Query()]
) -> Page[DeadLetterRead]:
    """The oldest day first; they are kept for 14 days."""
    (cursor,) = position_of(asked.cursor, "letter") or (None,)
    wanted = {"limit": str(asked.limit), "day": asked.day, "cursor": cursor}
    query = {name: value for name, value in wanted.items() if value is not None}
    answer = await ingest.ask("GET", "/dead-letters", params=query)
    rest = answer["next_cursor"]
    items = [DeadLetterRead.model_validate(letter) for letter in answer["letters"]]
    return Page(items=items, next_cursor=encode_cursor({"letter": rest}) if rest else None)


@router.get("/{day}/{letter_id}", summary="Read a dead letter", responses=responses(400, 404))
async def read_letter(ingest: IngestWorker, day: Day, letter_id: EntityId) -> DeadLetterRead:
    """404 where it was replayed or dropped."""
    return DeadLetterRead(**await ingest.ask("GET", f"/dead-letters/{day}/{letter_id}"))


@router.post(
    "/{day}/{letter_id}/replay",
    status_code=202,
    summary="Queue a dead letter again",
    responses={**responses(400, 404, 409, 422), 202: ACCEPTED},
)
async def replay_letter(
    ingest: IngestWorker,
    day: Day,
    letter_id: EntityId,
    response: Response,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - the route's class reads it
) -> RunAccepted:
    """422 where its message is still no job; then it stays."""
    run_id = (await ingest.ask("POST", f"/dead-letters/{day}/{letter_id}/replay"))["run_id"]
    response.headers["Location"] = run_href(run_id)
    return RunAccepted(run_id=run_id, href=run_href(run_id))


@router.delete(
    "/{day}/{letter_id}",
    status_code=204,
    summary="Drop a dead letter",
    responses=responses(400, 404),
)
async def drop_letter(ingest: IngestWorker, day: Day, letter_id: EntityId) -> None:
    """For good."""
    await ingest.ask("DELETE", f"/dead-letters/{day}/{letter_id}")
