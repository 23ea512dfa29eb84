"""Routes over suggested combinations of tags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from dashboard_api.combo_requests import (
    Acceptance,
    AcceptedSuggestion,
    ComboSuggestion,
    SuggestionParameters,
    SuggestionRequest,
    after_suggestion,
)
from dashboard_api.dependencies import Bound, Caller, EntityId, IngestWorker
from dashboard_api.pages import page_of
from dashboard_api.schemas import RunAccepted
from dashboard_api.sync_requests import request_suggestions, run_href
from shared.combos.acceptance import accept_suggestion, dismiss_suggestion, get_suggestion
from shared.combos.repository import Combos
from shared.flags import require
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.openapi import ACCEPTED
from shared.http.pagination import Page
from shared.http.problems import responses

router = APIRouter(prefix="/api/combo-suggestions", tags=["Combos"], route_class=IdempotentRoute)


@router.post(
    "/generate",
    status_code=202,
    summary="Suggest combos",
    responses={**responses(400, 409, 415, 422), 202: ACCEPTED},
)
async def generate(
    *,
    bindings: Bound,
    caller: Caller,
    ingest: IngestWorker,
    response: Response,
    asked: Annotated[SuggestionRequest | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> RunAccepted:
    """Of tags that sell well and were not combined or suggested yet; as of the last refresh."""
    await require(bindings, "suggestions", bindings.clock.now())
    limit = (asked or SuggestionRequest()).limit
    run_id = await request_suggestions(
        ingest, bindings.queue, limit=limit, principal=caller, idempotency_key=idempotency_key
    )
    response.headers["Location"] = run_href(run_id)
    return RunAccepted(run_id=run_id, href=run_href(run_id))


@router.get("", summary="List suggested combos", responses=responses(400))
async def list_suggestions(
    bindings: Bound, asked: Annotated[SuggestionParameters, Query()]
) -> Page[ComboSuggestion]:
    """The most confident first."""
    after, limit = after_suggestion(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        found = await Combos(db).suggestions(status=asked.status, after=after, limit=limit)
    shown = [ComboSuggestion.model_validate(kept) for kept in found]
    return page_of(
        shown, asked.limit, lambda last: {"confidence": repr(last.confidence), "id": last.id}
    )


@router.get("/{suggestion_id}", summary="Read a suggested combo", responses=responses(400, 404))
async def read_suggestion(bindings: Bound, suggestion_id: EntityId) -> ComboSuggestion:
    """With the numbers that it was made of."""
    async with bindings.databases.open() as db:
        return ComboSuggestion.model_validate(await get_suggestion(db, suggestion_id))


@router.post(
    "/{suggestion_id}/accept",
    summary="Accept a suggested combo",
    responses=responses(400, 404, 409, 415, 422),
)
async def accept(
    *,
    bindings: Bound,
    caller: Caller,
    suggestion_id: EntityId,
    response: Response,
    asked: Annotated[Acceptance | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - the route's class reads it
) -> AcceptedSuggestion:
    """Makes the combo log and links both, once; accepting again answers the same."""
    at, title = bindings.clock.now(), (asked or Acceptance()).title
    async with bindings.databases.open() as db:
        done = await accept_suggestion(db, suggestion_id, at=at, by=caller.name, title=title)
    response.headers["Location"] = f"/api/combo-logs/{done.report.id}"
    return AcceptedSuggestion.of(done)


@router.post(
    "/{suggestion_id}/dismiss",
    summary="Put a suggested combo aside",
    responses=responses(400, 404, 409),
)
async def dismiss(bindings: Bound, caller: Caller, suggestion_id: EntityId) -> ComboSuggestion:
    """It will not be suggested again. 409 where it was accepted."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        held = await dismiss_suggestion(db, suggestion_id, at=at, by=by)
    return ComboSuggestion.model_validate(held)
