"""Routes over design assets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.asset_requests import AssetIngestionRead, AssetRequest, DesignAssetRead
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.assets.ingestions import assets_of, ingestions_of, request_ingestion
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.newest import newest_page, position_of
from shared.http.openapi import ACCEPTED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.idempotency.models import keyed_id
from shared.products.catalog import require_product

router = APIRouter(prefix="/api/assets", tags=["Assets"], route_class=IdempotentRoute)


@router.post(
    "/ingest",
    status_code=202,
    summary="Take a design file over from Dropbox",
    responses={**responses(400, 404, 409, 415, 422), 202: ACCEPTED},
)
async def ingest(
    *,
    bindings: Bound,
    caller: Caller,
    asked: AssetRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> AssetIngestionRead:
    """Kept once per content, linked to the product and written to its metafield."""
    async with bindings.databases.open() as db:
        made = await request_ingestion(
            db, bindings.queue, product_id=asked.product_id, dropbox_url=asked.dropbox_url,
            at=bindings.clock.now(), by=caller.name,
            ingest_id=keyed_id("mda", caller.subject, idempotency_key, "asset-ingest"),
        )  # fmt: skip
    response.headers["Location"] = f"/api/assets/status/{made.product_id}"
    return AssetIngestionRead.model_validate(made)


@router.get(
    "/status/{product_id}",
    summary="Tell how a product's asset requests are",
    responses=responses(400, 404),
)
async def read_status(
    bindings: Bound, product_id: EntityId, asked: Annotated[PageParameters, Query()]
) -> Page[AssetIngestionRead]:
    """The newest request first; one that failed says why."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        await require_product(db, product_id)
        found = await ingestions_of(db, product_id, before=before, limit=limit)
    return newest_page([AssetIngestionRead.model_validate(item) for item in found], asked.limit)


@router.get(
    "/{product_id}", summary="List a product's design assets", responses=responses(400, 404)
)
async def list_assets(
    bindings: Bound, product_id: EntityId, asked: Annotated[PageParameters, Query()]
) -> Page[DesignAssetRead]:
    """The newest first."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        await require_product(db, product_id)
        found = await assets_of(db, product_id, before=before, limit=limit)
    shown = [DesignAssetRead.of(asset, bindings.settings) for asset in found]
    return newest_page(shown, asked.limit)
