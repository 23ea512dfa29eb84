"""Routes over what tags and tag groups sell."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from dashboard_api.dependencies import Bound, Caller, EntityId, IngestWorker
from dashboard_api.group_sales import (
    TagDistribution,
    TagPerformanceQuery,
    distribution,
    group_named,
    tag_performance,
    tags_of,
)
from dashboard_api.order_requests import DayParameters
from dashboard_api.schemas import RunAccepted
from dashboard_api.sync_requests import request_refresh, run_href
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.problems import responses
from shared.performance.group_schemas import GroupPage
from shared.tags.groups import get_tag_group
from shared.tags.schemas import Name

router = APIRouter(prefix="/api/tag-analytics", tags=["Tag analytics"], route_class=IdempotentRoute)
_DAYS = Annotated[DayParameters, Query()]


@router.post("/performance", summary="Measure tags", responses=responses(400, 415, 422))
async def measure_tags(bindings: Bound, asked: TagPerformanceQuery) -> GroupPage:
    """What the products of each tag sold in the last 30 days, or in those named."""
    return await tag_performance(bindings, asked)


@router.get(
    "/distribution/{category:path}",
    summary="Spread a tag group over its tags",
    responses=responses(400, 404),
)
async def read_distribution(
    bindings: Bound, category: Annotated[Name, Path()], asked: _DAYS
) -> TagDistribution:
    """The group by its name, in any case."""
    async with bindings.databases.open() as db:
        group = await group_named(db, category)
        tags = await tags_of(db, group)
    return await distribution(bindings, group, tags, asked)


@router.get(
    "/group-performance/{group_id}", summary="Measure a tag group", responses=responses(400, 404)
)
async def read_group_performance(
    bindings: Bound, group_id: EntityId, asked: _DAYS
) -> TagDistribution:
    """What the products of a group sold, each counted once in `total`, and each of its tags."""
    async with bindings.databases.open() as db:
        group = await get_tag_group(db, group_id)
        tags = await tags_of(db, group)
    return await distribution(bindings, group, tags, asked)


@router.post("/refresh", status_code=202, summary="Measure now", responses=responses(400, 409, 422))
async def refresh(
    *,
    bindings: Bound,
    caller: Caller,
    ingest: IngestWorker,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunAccepted:
    """Starts a refresh of all measures; one that runs already lets this one end as skipped."""
    run_id = await request_refresh(
        ingest, bindings.queue, principal=caller, idempotency_key=idempotency_key
    )
    response.headers["Location"] = run_href(run_id)
    return RunAccepted(run_id=run_id, href=run_href(run_id))
