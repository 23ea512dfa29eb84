"""Where Shopify sends the merchant who has just installed the app."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ingest.dependencies import Bound
from shared.integrations.shopify.oauth import exchange_code, token_page, verified_code

router = APIRouter()


@router.get("/oauth/shopify/callback", summary="Exchange an installation for a permanent token")
async def finish_installation(request: Request, bindings: Bound) -> Response:
    """Shows the token once, to whoever began the installation with the operator's link."""
    settings, now = bindings.settings, bindings.clock.now()
    code = verified_code(request.query_params.multi_items(), settings, now)
    async with bindings.http() as http:
        granted = await exchange_code(http, code, settings)
    return Response(token_page(granted), media_type="text/plain; charset=utf-8")
