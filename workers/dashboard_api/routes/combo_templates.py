"""Routes over the library of combo templates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.combo_requests import ComboTemplateRead
from dashboard_api.dependencies import Bound, Caller, EntityId, IfMatch
from shared.combos.models import ComboTemplate
from shared.combos.templates import (
    add_template,
    change_template,
    get_template,
    list_templates,
    remove_template,
)
from shared.http.conditional import etag, require_match
from shared.http.newest import newest_page, position_of
from shared.http.openapi import CREATED, VERSIONED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses

router = APIRouter(prefix="/api/combo-templates", tags=["Combos"])


@router.get("", summary="List combo templates", responses=responses(400))
async def find_templates(
    bindings: Bound, asked: Annotated[PageParameters, Query()]
) -> Page[ComboTemplateRead]:
    """Newest first."""
    before = position_of(asked.cursor)
    async with bindings.databases.open() as db:
        found = await list_templates(db, before=before, limit=asked.limit + 1)
    return newest_page([ComboTemplateRead.of(kept) for kept in found], asked.limit)


@router.post(
    "",
    status_code=201,
    summary="Add a combo template",
    responses={**responses(400, 409, 415, 422), 201: CREATED},
)
async def create_template(
    bindings: Bound, caller: Caller, template: ComboTemplate, response: Response
) -> ComboTemplateRead:
    """Names are unique in any case."""
    async with bindings.databases.open() as db:
        kept = await add_template(db, template, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/combo-templates/{kept.id}"
    return ComboTemplateRead.of(kept)


@router.get(
    "/{template_id}",
    summary="Read a combo template",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_template(
    bindings: Bound, template_id: EntityId, response: Response
) -> ComboTemplateRead:
    """Its version is the ETag that a change or removal names."""
    async with bindings.databases.open() as db:
        kept = await get_template(db, template_id)
    response.headers["ETag"] = etag(kept.version)
    return ComboTemplateRead.of(kept)


@router.put(
    "/{template_id}",
    summary="Change a combo template",
    responses={**responses(400, 404, 409, 412, 415, 422, 428), 200: VERSIONED},
)
async def replace_template(
    *,
    bindings: Bound,
    caller: Caller,
    template_id: EntityId,
    template: ComboTemplate,
    response: Response,
    if_match: IfMatch = None,
) -> ComboTemplateRead:
    """Replaces it. Needs `If-Match`."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        held = (await get_template(db, template_id)).version
        require_match(if_match, etag(held))
        kept = await change_template(db, template_id, template, expected_version=held, at=at, by=by)
    response.headers["ETag"] = etag(kept.version)
    return ComboTemplateRead.of(kept)


@router.delete(
    "/{template_id}",
    status_code=204,
    summary="Remove a combo template",
    responses=responses(400, 404, 412, 428),
)
async def drop_template(bindings: Bound, template_id: EntityId, if_match: IfMatch = None) -> None:
    """Combo logs that were made with it keep its id. Needs `If-Match`."""
    async with bindings.databases.open() as db:
        version = (await get_template(db, template_id)).version
        require_match(if_match, etag(version))
        await remove_template(db, template_id, expected_version=version)
