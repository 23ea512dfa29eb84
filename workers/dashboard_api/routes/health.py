"""The route that tells how the platform is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, IngestWorker
from dashboard_api.platform_health import PlatformHealth, platform_health
from shared.http.problems import responses

router = APIRouter(tags=["Health"])
_Deep = Annotated[bool, Query(description="Ask Shopify too, which takes longer.")]


@router.get(
    "/api/health",
    summary="Tell how the platform is",
    responses={**responses(400), 503: {"model": PlatformHealth, "description": "A part is down"}},
)
async def read_health(
    *, bindings: Bound, ingest: IngestWorker, response: Response, deep: _Deep = False
) -> PlatformHealth:
    """`degraded`: the last good sync or refresh is too old, or dead letters exist."""
    health = await platform_health(bindings, ingest, is_deep=deep)
    response.status_code = 503 if health.status == "down" else 200
    response.headers["Cache-Control"] = "no-store"
    return health
