"""What ingest answers to the internet: what Shopify may call, nothing else."""

from __future__ import annotations

from fastapi import FastAPI

from ingest.dependencies import BindingsOf
from ingest.routes import oauth, webhooks
from shared import limits
from shared.http import openapi, problems
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.http.middleware.security_headers import SecurityHeaders


def public_app(bindings_of: BindingsOf) -> FastAPI:
    """Return the application that the internet reaches.

    Args:
        bindings_of: Gives the ports for one request; nothing in them outlives it.
    """
    app = FastAPI(
        title="ingest",
        version="0.1.0",
        description="What Shopify may call.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.bindings_of = bindings_of
    problems.install(app)
    app.include_router(webhooks.router)
    app.include_router(oauth.router)
    openapi.describe(app, {})
    app.add_middleware(BodyLimit, limit=limits.WEBHOOK_BODY_BYTES)
    for middleware in (SecurityHeaders, Errors, RequestId):
        app.add_middleware(middleware)
    return app
