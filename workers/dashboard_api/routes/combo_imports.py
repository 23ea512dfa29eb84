"""Routes over imports of combo logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from dashboard_api.combo_requests import ComboImportRead, ImportParameters
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.combos.imports import get_import, list_imports, request_import
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.newest import newest_page, position_of
from shared.http.openapi import ACCEPTED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.http.uploads import upload_document, uploaded
from shared.idempotency.models import keyed_id

router = APIRouter(prefix="/api/combo-logs", tags=["Combos"], route_class=IdempotentRoute)


@router.post(
    "/import",
    status_code=202,
    summary="Import combo logs from a CSV",
    responses={**responses(400, 409, 413, 415, 422), 202: ACCEPTED},
    openapi_extra=upload_document("text/csv"),
)
async def start_import(
    *,
    bindings: Bound,
    caller: Caller,
    request: Request,
    asked: Annotated[ImportParameters, Query()],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ComboImportRead:
    """Takes columns title, tags, status, designer, notes, product_ids and template_id."""
    file = await uploaded(request, "text/csv")
    async with bindings.databases.open() as db:
        kept = await request_import(
            db, bindings.objects, bindings.queue, file.body, mode=asked.mode,
            at=bindings.clock.now(), by=caller.name, filename=file.filename,
            import_id=keyed_id("mda", caller.subject, idempotency_key, "combo-import"),
        )  # fmt: skip
    response.headers["Location"] = f"/api/combo-logs/imports/{kept.id}"
    return ComboImportRead.of(kept)


@router.get("/imports", summary="List imports of combo logs", responses=responses(400))
async def find_imports(
    bindings: Bound, asked: Annotated[PageParameters, Query()]
) -> Page[ComboImportRead]:
    """Newest first."""
    before = position_of(asked.cursor)
    async with bindings.databases.open() as db:
        found = await list_imports(db, before=before, limit=asked.limit + 1)
    return newest_page([ComboImportRead.of(kept) for kept in found], asked.limit)


@router.get(
    "/imports/{import_id}", summary="Read an import of combo logs", responses=responses(400, 404)
)
async def read_import(bindings: Bound, import_id: EntityId) -> ComboImportRead:
    """How far it is, and of each wrong cell its line, its column and what is wrong."""
    async with bindings.databases.open() as db:
        return ComboImportRead.of(await get_import(db, import_id))
