"""The public API as an ASGI application. What it serves to publishers comes with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request

from platform_api.bindings import PlatformBindings
from shared.health.checks import database_check, guarded
from shared.health.models import Health
from shared.http import openapi, problems
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.http.middleware.security_headers import SecurityHeaders

BindingsOf = Callable[[Request], PlatformBindings]
router = APIRouter()


async def _bindings(request: Request) -> PlatformBindings:
    bindings_of: BindingsOf = request.app.state.bindings_of
    return bindings_of(request)


Bound = Annotated[PlatformBindings, Depends(_bindings)]


def create_app(bindings_of: BindingsOf) -> FastAPI:
    """Return the application.

    Args:
        bindings_of: Gives the ports for one request; nothing in them outlives it.
    """
    app = FastAPI(
        title="platform-api",
        version="0.1.0",
        description="The public API of the commerce platform.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.bindings_of = bindings_of
    problems.install(app)
    app.include_router(router)
    openapi.describe(app, {})
    for middleware in (BodyLimit, Errors, SecurityHeaders, RequestId):
        app.add_middleware(middleware)
    return app


@router.get("/health", summary="Tell how platform-api is")
async def read_health(bindings: Bound) -> Health:
    """Always 200: what is down is in the document, and the caller decides."""
    check = await guarded("database", lambda: database_check(bindings.databases))
    return Health.of([check], bindings.clock.now())
