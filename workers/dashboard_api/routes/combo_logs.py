"""Routes over combo logs: what staff says of combinations of tags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from dashboard_api.combo_export import combo_csv
from dashboard_api.combo_requests import ComboFilter, ComboLog, ComboParameters
from dashboard_api.dependencies import Bound, Caller, EntityId, IfMatch
from shared.combos.models import ComboReport
from shared.combos.reports import add_report, change_report, get_report, remove_report
from shared.combos.repository import Combos
from shared.http.conditional import etag, require_match
from shared.http.newest import newest_page, position_of
from shared.http.openapi import CREATED, VERSIONED
from shared.http.pagination import Page
from shared.http.problems import responses

router = APIRouter(prefix="/api/combo-logs", tags=["Combos"])


@router.get("", summary="List combo logs", responses=responses(400))
async def list_logs(bindings: Bound, asked: Annotated[ComboParameters, Query()]) -> Page[ComboLog]:
    """Newest first."""
    before = position_of(asked.cursor)
    async with bindings.databases.open() as db:
        found = await Combos(db).newest(
            statuses=asked.status, tag=asked.tag, text=asked.text,
            product_id=asked.product_id, before=before,
            limit=asked.limit + 1,
        )  # fmt: skip
    return newest_page([ComboLog.of(kept) for kept in found], asked.limit)


@router.post(
    "",
    status_code=201,
    summary="Add a combo log",
    responses={**responses(400, 409, 415, 422), 201: CREATED},
)
async def add_log(
    bindings: Bound, caller: Caller, report: ComboReport, response: Response
) -> ComboLog:
    """There is one of each combination of tags; 409 names it as `report_id`."""
    async with bindings.databases.open() as db:
        kept = await add_report(db, report, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/combo-logs/{kept.id}"
    return ComboLog.of(kept)


@router.get(
    "/export",
    summary="Download combo logs as CSV",
    response_class=StreamingResponse,
    responses={**responses(400), 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_logs(bindings: Bound, asked: Annotated[ComboFilter, Query()]) -> StreamingResponse:
    """Imported again, it changes nothing."""
    return await combo_csv(bindings, asked)


@router.get(
    "/{report_id}",
    summary="Read a combo log",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_log(bindings: Bound, report_id: EntityId, response: Response) -> ComboLog:
    """Its version is the ETag that a change or removal names."""
    async with bindings.databases.open() as db:
        kept = await get_report(db, report_id)
    response.headers["ETag"] = etag(kept.version)
    return ComboLog.of(kept)


@router.put(
    "/{report_id}",
    summary="Change a combo log",
    responses={**responses(400, 404, 409, 412, 415, 422, 428), 200: VERSIONED},
)
async def change_log(
    *,
    bindings: Bound,
    caller: Caller,
    report_id: EntityId,
    report: ComboReport,
    response: Response,
    if_match: IfMatch = None,
) -> ComboLog:
    """Replaces it; a suggestion it came from stays linked. Needs `If-Match`."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        version = (await get_report(db, report_id)).version
        require_match(if_match, etag(version))
        kept = await change_report(db, report_id, report, expected_version=version, at=at, by=by)
    response.headers["ETag"] = etag(kept.version)
    return ComboLog.of(kept)


@router.delete(
    "/{report_id}",
    status_code=204,
    summary="Remove a combo log",
    responses=responses(400, 404, 412, 428),
)
async def remove_log(bindings: Bound, report_id: EntityId, if_match: IfMatch = None) -> None:
    """Needs `If-Match`."""
    async with bindings.databases.open() as db:
        version = (await get_report(db, report_id)).version
        require_match(if_match, etag(version))
        await remove_report(db, report_id, expected_version=version)
