"""The public API as an ASGI application: middleware, routes and its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from platform_api.bindings import PlatformBindings
from platform_api.dependencies import API_KEY
from platform_api.hot_routes import HotRoutes
from platform_api.routes import (
    engagement,
    health,
    oauth,
    public,
    publisher,
    publisher_commissions,
    publisher_engagement,
)
from shared.http import docs, openapi, problems
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.conditional_reads import ConditionalReads
from shared.http.middleware.cors import Cors
from shared.http.middleware.errors import Errors
from shared.http.middleware.head import Head
from shared.http.middleware.rate_limit import RateLimitHeaders
from shared.http.middleware.request_id import RequestId
from shared.http.middleware.security_headers import SecurityHeaders

BindingsOf = Callable[[Request], PlatformBindings]

_SECURITY: Final = {
    "key": {"type": "apiKey", "in": "header", "name": API_KEY},
    "token": {"type": "http", "scheme": "bearer", "description": "An API key or access token."},
    "client": {"type": "http", "scheme": "basic", "description": "Client id and client secret."},
}


class Bind:
    """Sets `state.bindings` for each request."""

    def __init__(self, app: ASGIApp, bindings_of: BindingsOf) -> None:
        self.app = app
        self.bindings_of = bindings_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["bindings"] = self.bindings_of(Request(scope))
        await self.app(scope, receive, send)


def create_app(bindings_of: BindingsOf) -> HotRoutes:
    """Return the application: the hot routes before everything, and `described_app`.

    Args:
        bindings_of: Gives the ports for one request; nothing in them outlives it.
    """
    return HotRoutes(described_app(bindings_of), bindings_of)


def described_app(bindings_of: BindingsOf) -> FastAPI:
    """Return what answers all routes but the hot ones, and describes them all."""
    app = FastAPI(
        title="platform-api",
        version="0.1.0",
        description="The public API of the commerce platform.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    problems.install(app)
    for part in (
        engagement,
        public,
        publisher,
        publisher_engagement,
        publisher_commissions,
        oauth,
        health,
    ):
        app.include_router(part.router)
    openapi.describe(app, _SECURITY, is_conditional=True)
    docs.install(app)
    app.add_middleware(ConditionalReads)
    app.add_middleware(BodyLimit)
    app.add_middleware(Cors, origin_of=_origin)
    app.add_middleware(Bind, bindings_of=bindings_of)
    for outer in (Errors, RateLimitHeaders, SecurityHeaders, RequestId, Head):
        app.add_middleware(outer)
    return app


def _origin(request: Request) -> str | None:
    bindings: PlatformBindings = request.state.bindings
    return bindings.settings.CORS_ORIGIN
