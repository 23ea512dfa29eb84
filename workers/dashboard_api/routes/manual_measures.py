"""Routes over measures that staff sets by hand."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from dashboard_api.dependencies import Bound, Caller, EntityId, IfMatch
from shared.http.conditional import etag, require_match
from shared.http.problems import responses
from shared.performance.overrides import (
    ManualDraft,
    ManualMeasurement,
    ManualMeasures,
    add_manual,
    change_manual,
    get_manual,
    remove_manual,
)

router = APIRouter(prefix="/api/performance-metrics", tags=["Performance"])
_HREF: Final = "/api/performance-metrics/"


@router.post(
    "",
    status_code=201,
    summary="Set measures of a product by hand",
    responses=responses(400, 409, 415, 422),
)
async def add_measures(
    bindings: Bound, caller: Caller, draft: ManualDraft, response: Response
) -> ManualMeasurement:
    """They stand in for the computed ones from the next refresh on, and are marked as manual."""
    async with bindings.databases.open() as db:
        added = await add_manual(db, draft, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(added.tag)
    response.headers["Location"] = _HREF + added.product_id
    return added


@router.get(
    "/{product_id}", summary="Read a product's manual measures", responses=responses(400, 404)
)
async def read_measures(
    bindings: Bound, product_id: EntityId, response: Response
) -> ManualMeasurement:
    """Who set them, and the ETag that a change names."""
    async with bindings.databases.open() as db:
        found = await get_manual(db, product_id)
    response.headers["ETag"] = etag(found.tag)
    return found


@router.put(
    "/{product_id}",
    summary="Change a product's manual measures",
    responses=responses(400, 404, 412, 415, 422, 428),
)
async def change_measures(
    *,
    bindings: Bound,
    caller: Caller,
    product_id: EntityId,
    measures: ManualMeasures,
    response: Response,
    if_match: IfMatch = None,
) -> ManualMeasurement:
    """Replaces all of them. Needs `If-Match` with the ETag that was read."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        read = await get_manual(db, product_id)
        require_match(if_match, etag(read.tag))
        changed = await change_manual(db, read, measures, at=at, by=by)
    response.headers["ETag"] = etag(changed.tag)
    return changed


@router.delete(
    "/{product_id}",
    status_code=204,
    summary="End a product's manual measures",
    responses=responses(400, 404, 412, 428),
)
async def remove_measures(
    bindings: Bound, caller: Caller, product_id: EntityId, if_match: IfMatch = None
) -> None:
    """The computed ones stand again from the next refresh on. Needs `If-Match`."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        read = await get_manual(db, product_id)
        require_match(if_match, etag(read.tag))
        await remove_manual(db, read, at=at, by=by)
