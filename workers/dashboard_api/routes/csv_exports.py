"""Routes over CSV exports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from dashboard_api.csv_requests import CsvExportRead, ExportParameters, ExportRequest, file_answer
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.csv_exports.exports import (
    downloadable,
    get_export,
    list_exports,
    remove_export,
    request_export,
)
from shared.http.conditional import etag, is_unchanged
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.newest import newest_page, position_of
from shared.http.openapi import ACCEPTED, VERSIONED
from shared.http.pagination import Page
from shared.http.problems import responses
from shared.idempotency.models import keyed_id

router = APIRouter(prefix="/api/csv", tags=["CSV exports"], route_class=IdempotentRoute)
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}}}}


@router.post(
    "/generate",
    status_code=202,
    summary="Export rows as CSV",
    responses={**responses(400, 409, 415, 422), 202: ACCEPTED},
)
async def generate(
    *,
    bindings: Bound,
    caller: Caller,
    asked: ExportRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> CsvExportRead:
    """Writes the file in the background; its address says how far it is."""
    async with bindings.databases.open() as db:
        export = await request_export(
            db, bindings.queue, kind=asked.kind, filters=asked.filters, at=bindings.clock.now(),
            by=caller.name, export_id=keyed_id("mda", caller.subject, idempotency_key, "csv"),
        )  # fmt: skip
    response.headers["Location"] = f"/api/csv/exports/{export.id}"
    return CsvExportRead.of(export)


@router.get("/exports", summary="List CSV exports", responses=responses(400))
async def find_exports(
    bindings: Bound, asked: Annotated[ExportParameters, Query()]
) -> Page[CsvExportRead]:
    """Newest first."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        found = await list_exports(db, status=asked.status, before=before, limit=limit)
    return newest_page([CsvExportRead.of(export) for export in found], asked.limit)


@router.get("/exports/{export_id}", summary="Read a CSV export", responses=responses(400, 404))
async def read_export(bindings: Bound, export_id: EntityId) -> CsvExportRead:
    """How far it is, and where its file is."""
    async with bindings.databases.open() as db:
        return CsvExportRead.of(await get_export(db, export_id))


@router.get(
    "/exports/{export_id}/download",
    summary="Download a CSV export",
    response_class=StreamingResponse,
    responses={
        **responses(400, 404, 409),
        200: _CSV | VERSIONED,
        304: {"description": "Unchanged"},
    },
)
async def download(
    bindings: Bound, export_id: EntityId, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """409 with `Retry-After` while it is written; 404 once its file is past its retention."""
    async with bindings.databases.open() as db:
        export, file = await downloadable(db, bindings.objects, export_id)
    if is_unchanged(if_none_match, etag(file.etag)):
        return Response(status_code=304, headers={"ETag": etag(file.etag)})
    return file_answer(bindings.objects, export, file)


@router.delete(
    "/exports/{export_id}",
    status_code=204,
    summary="Remove a CSV export",
    responses=responses(400, 404, 409),
)
async def drop_export(bindings: Bound, export_id: EntityId) -> None:
    """With its file. 409 while it is written."""
    async with bindings.databases.open() as db:
        await remove_export(db, bindings.objects, export_id)
