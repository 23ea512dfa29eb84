"""Where Shopify sends the merchant who has just installed the app."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from ingest.dependencies import Bound
from shared.http.problems import responses
from shared.integrations.shopify.oauth import exchange_code, token_page, verified_code

router = APIRouter(tags=["Installation"])
_ANSWER: Final[dict[str, Any]] = {
    "description": "The token, shown once",
    "content": {
        "text/plain": {"schema": {"type": "string"}, "example": "SHOPIFY_ACCESS_TOKEN=shpat_..."}
    },
}
_PARAMETERS: Final = ("code", "hmac", "shop", "state", "timestamp", "host")


@router.get(
    "/oauth/shopify/callback",
    summary="Exchange an installation for a permanent token",
    response_class=PlainTextResponse,
    responses={**responses(400), 200: _ANSWER},
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": name != "host", "schema": {"type": "string"}}
            for name in _PARAMETERS
        ]
    },
)
async def finish_installation(request: Request, bindings: Bound) -> Response:
    """Shows the token once, to whoever began the installation with the operator's link."""
    settings, now = bindings.settings, bindings.clock.now()
    code = verified_code(request.query_params.multi_items(), settings, now)
    async with bindings.http() as http:
        granted = await exchange_code(http, code, settings)
    return Response(token_page(granted), media_type="text/plain; charset=utf-8")
