"""The route that tells how the platform is."""

from __future__ import annotations

from fastapi import APIRouter, Response

from dashboard_api.dependencies import Bound, IngestWorker
from dashboard_api.platform_health import platform_health
from shared.health.models import Health
from shared.http.problems import responses

router = APIRouter(tags=["Health"])


@router.get(
    "/api/health",
    summary="Tell how the platform is",
    responses={**responses(), 503: {"model": Health, "description": "A part is down"}},
)
async def read_health(bindings: Bound, ingest: IngestWorker, response: Response) -> Health:
    """`degraded`: the last good sync or refresh is too old, or dead letters exist."""
    health = await platform_health(bindings, ingest)
    response.status_code = 503 if health.status == "down" else 200
    return health
