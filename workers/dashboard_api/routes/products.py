"""Routes over products."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, Caller, EntityId, IngestWorker
from dashboard_api.pages import page_of, position_of
from dashboard_api.product_requests import (
    ProductMeasured,
    ProductParameters,
    TagSyncStatus,
    measured_product,
)
from dashboard_api.schemas import RunAccepted, RunRead
from dashboard_api.sync_requests import request_tag_sync, run_href
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.pagination import Page
from shared.http.problems import responses
from shared.products.catalog import list_products
from shared.products.schemas import ProductRead

router = APIRouter(prefix="/api/products", tags=["Products"], route_class=IdempotentRoute)


@router.get("", summary="List products", responses=responses(400))
async def find_products(
    bindings: Bound, asked: Annotated[ProductParameters, Query()]
) -> Page[ProductRead]:
    """Products as Shopify has them, deleted ones included, in the order of their ids."""
    (after,) = position_of(asked.cursor, "after") or ("",)
    filters = asked.model_dump(include={"text", "tag", "is_active"})
    async with bindings.databases.open() as db:
        found = await list_products(db, **filters, after=after, limit=asked.limit + 1)
    return page_of(found, asked.limit, lambda last: {"after": last.id})


@router.get("/{product_id}", summary="Read one product", responses=responses(400, 404))
async def read_product(bindings: Bound, product_id: EntityId) -> ProductMeasured:
    """With its tags and their groups, variants, measures, assets and combos."""
    return await measured_product(bindings, product_id)


@router.post(
    "/tags/sync",
    status_code=202,
    summary="Sync every product's tags",
    responses=responses(400, 409, 422),
)
async def sync_tags(
    *,
    bindings: Bound,
    caller: Caller,
    ingest: IngestWorker,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunAccepted:
    """Reads tags, vendor and status of every product from Shopify; 409 names a sync that runs."""
    run_id = await request_tag_sync(
        ingest, bindings.queue, principal=caller, idempotency_key=idempotency_key
    )
    response.headers["Location"] = run_href(run_id)
    return RunAccepted(run_id=run_id, href=run_href(run_id))


@router.get("/tags/sync/status", summary="Tell how the newest tag sync is", responses=responses())
async def read_tag_sync(ingest: IngestWorker) -> TagSyncStatus:
    """A run shows up here once ingest has started it."""
    runs = await ingest.runs(limit=1, workflow="product-tag-sync")
    return TagSyncStatus(run=RunRead(**runs[0]) if runs else None)
