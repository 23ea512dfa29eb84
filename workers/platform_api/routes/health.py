"""The route that tells how platform-api is."""

from __future__ import annotations

from fastapi import APIRouter

from platform_api.dependencies import Bound
from shared.health.checks import database_check, guarded
from shared.health.models import Health
from shared.http.problems import responses

router = APIRouter(tags=["Health"])


@router.get(
    "/health",
    summary="Tell how platform-api is",
    responses=responses(),
    openapi_extra={"security": []},
)
async def read_health(bindings: Bound) -> Health:
    """Always 200: what is down is in the document, and the caller decides."""
    check = await guarded("database", lambda: database_check(bindings.databases))
    return Health.of([check], bindings.clock.now())
