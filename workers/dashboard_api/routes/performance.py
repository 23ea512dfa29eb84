"""Routes over measured products and what classifies them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Header, Query, Request, Response

from dashboard_api.dependencies import Bound, Caller, IngestWorker
from dashboard_api.measurements import classification_preview, measured, performance_summary
from dashboard_api.performance_csv import csv_page, wants_csv
from dashboard_api.schemas import (
    PerformanceParameters,
    SummaryParameters,
    SyncAccepted,
    SyncRequest,
    SyncRun,
)
from dashboard_api.sync_requests import request_sync, run_href
from shared.http.conditional import etag, is_unchanged, require_match
from shared.http.idempotency import IdempotencyKey, IdempotentRoute
from shared.http.problems import responses
from shared.performance.models import ClassificationSpec
from shared.performance.preview_schemas import ClassificationPreview
from shared.performance.schemas import ClassificationSettings, PerformancePage, PerformanceSummary
from shared.performance.settings import get_classification, put_classification

router = APIRouter(
    prefix="/api/performance-metrics", tags=["Performance"], route_class=IdempotentRoute
)

_VERSIONED = {"headers": {"ETag": {"schema": {"type": "string"}, "description": "The version."}}}


@router.get(
    "",
    summary="List measured products",
    response_model=PerformancePage,
    responses={**responses(400), 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def list_performance(
    bindings: Bound,
    request: Request,
    response: Response,
    parameters: Annotated[PerformanceParameters, Query()],
) -> PerformancePage | Response:
    """One row per product on the as-of day; `Accept: text/csv` gives the same page as CSV."""
    asked = parameters.query().model_dump(mode="json")
    page = PerformancePage.model_validate(await measured(bindings, "performance", asked))
    response.headers["Vary"] = "Accept"
    return csv_page(request, page) if wants_csv(request.headers.get("accept")) else page


@router.get("/stats/summary", summary="Total the measured products", responses=responses(400, 404))
async def summarise_performance(
    bindings: Bound, day: Annotated[SummaryParameters, Query()]
) -> PerformanceSummary:
    """Counts by class, units and revenue of the trailing windows; 404 for a day without any."""
    return await performance_summary(bindings, day.as_of)


@router.get(
    "/settings/classification",
    summary="Read the classification settings",
    responses={**responses(400), 200: _VERSIONED, 304: {"description": "Unchanged"}},
)
async def read_classification(
    bindings: Bound, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> ClassificationSettings:
    """Thresholds and weights that turn windows into a class, and their version as ETag."""
    async with bindings.databases.open() as db:
        settings = await get_classification(db)
    response.headers["ETag"] = etag(settings.version)
    if is_unchanged(if_none_match, etag(settings.version)):
        response.status_code = 304
    return settings


@router.put(
    "/settings/classification",
    summary="Change the classification settings",
    responses={**responses(400, 412, 415, 422, 428), 200: _VERSIONED},
)
async def change_classification(
    bindings: Bound,
    caller: Caller,
    spec: ClassificationSpec,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> ClassificationSettings:
    """Takes effect with the next refresh. Needs `If-Match` with the ETag that was read."""
    async with bindings.databases.open() as db:
        version = (await get_classification(db)).version
        require_match(if_match, etag(version))
        settings = await put_classification(db, spec, version, caller)
    response.headers["ETag"] = etag(settings.version)
    return settings


@router.post(
    "/settings/classification/preview",
    summary="Try other classification settings",
    responses=responses(400, 415, 422),
)
async def preview_classification(
    bindings: Bound, spec: ClassificationSpec
) -> ClassificationPreview:
    """How many products would change their class, from which to which. Nothing is written."""
    return await classification_preview(bindings, spec)


@router.post(
    "/sync",
    status_code=202,
    summary="Sync orders and products from Shopify now",
    responses=responses(400, 409, 415, 422),
)
async def start_sync(
    *,
    bindings: Bound,
    caller: Caller,
    ingest: IngestWorker,
    response: Response,
    request: Annotated[SyncRequest | None, Body()] = None,
    idempotency_key: IdempotencyKey = None,
) -> SyncAccepted:
    """Starts one run per object, or answers 409 with the run that syncs one of them already."""
    objects = (request or SyncRequest()).objects
    runs = await request_sync(
        ingest, bindings.queue, objects=objects, principal=caller, idempotency_key=idempotency_key
    )
    started = [SyncRun(object=k, run_id=v, href=run_href(v)) for k, v in runs.items()]
    response.headers["Location"] = started[0].href
    return SyncAccepted(runs=started)
