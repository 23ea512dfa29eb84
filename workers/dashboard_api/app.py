"""The staff API as an ASGI application: middleware, routes and its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI, Request

from dashboard_api.bindings import DashboardBindings
from dashboard_api.routes import (
    assets,
    combo_imports,
    combo_logs,
    combo_suggestions,
    combo_templates,
    commissions,
    conversions,
    csv_exports,
    dead_letters,
    designers,
    discount_codes,
    feature_flags,
    health,
    ingest,
    manual_measures,
    orders,
    payouts,
    performance,
    products,
    programs,
    publications,
    publisher_access,
    publishers,
    tag_analytics,
    tags,
)
from shared.combos.import_rows import BYTES_MAX
from shared.errors import SettingsInvalid
from shared.http import docs, openapi, problems
from shared.http.middleware.access import Authenticate, RequireAccess
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.conditional_reads import ConditionalReads
from shared.http.middleware.cors import Cors
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.http.middleware.security_headers import SecurityHeaders
from shared.identity import access
from shared.identity.jwks import HttpJwks, JwksCache
from shared.identity.models import Principal

FILES: Final = {"/api/combo-logs/import": BYTES_MAX + 64 * 1024}
"""Paths that take a file, each with its bytes and what a form puts around them."""
_ROUTES: Final = (
    performance,
    manual_measures,
    orders,
    products,
    tags,
    designers,
    tag_analytics,
    combo_imports,
    combo_logs,
    combo_templates,
    combo_suggestions,
    assets,
    csv_exports,
    ingest,
    dead_letters,
    health,
    feature_flags,
    publishers,
    publications,
    programs,
    publisher_access,
    conversions,
    discount_codes,
    commissions,
    payouts,
)
BindingsOf = Callable[[Request], DashboardBindings]

_SECURITY: Final = {
    "access": {
        "type": "apiKey",
        "in": "header",
        "name": access.HEADER,
        "description": "The token that Cloudflare Access adds to every request it lets through.",
    }
}


def create_app(bindings_of: BindingsOf) -> FastAPI:
    """Return the application.

    Args:
        bindings_of: Gives the ports for one request; nothing in them outlives it.
    """

    def bound(request: Request) -> DashboardBindings:
        if not hasattr(request.state, "bindings"):
            request.state.bindings = bindings_of(request)
        bindings: DashboardBindings = request.state.bindings
        return bindings

    app = FastAPI(
        title="dashboard-api",
        version="0.1.0",
        description="The staff API of the commerce platform.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    problems.install(app)
    for routes in _ROUTES:
        app.include_router(routes.router)
    openapi.describe(app, _SECURITY, is_conditional=True)
    docs.install(app)
    app.add_middleware(ConditionalReads)
    app.add_middleware(BodyLimit, limits_of=FILES)
    app.add_middleware(RequireAccess, authenticate=_authentication(bound))
    app.add_middleware(Cors, origin_of=lambda request: bound(request).settings.CORS_ORIGIN)
    for outer in (Errors, SecurityHeaders, RequestId):
        app.add_middleware(outer)
    return app


def _authentication(bindings_of: BindingsOf) -> Authenticate:
    """Return the check of a request; the keys of Access live as long as the application."""
    cache = JwksCache()

    async def authenticate(request: Request) -> Principal:
        bindings = bindings_of(request)
        settings = bindings.settings
        if settings.CF_ACCESS_TEAM_DOMAIN is None or not settings.CF_ACCESS_AUD:
            raise SettingsInvalid("CF_ACCESS_TEAM_DOMAIN and CF_ACCESS_AUD are required")
        issuer = settings.CF_ACCESS_TEAM_DOMAIN.rstrip("/")
        return await access.authenticate(
            request.headers.get(access.HEADER),
            jwks=HttpJwks(cache, issuer=issuer, http=bindings.http, clock=bindings.clock),
            verifier=bindings.signatures,
            issuer=issuer,
            audience=settings.CF_ACCESS_AUD,
            now=bindings.clock.now(),
        )

    return authenticate
