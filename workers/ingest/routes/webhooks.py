"""Where Shopify delivers webhooks."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from ingest.dependencies import Bound
from shared.http.problems import responses
from shared.ports import JsonObject
from shared.webhooks.intake import take_delivery
from shared.webhooks.topics import TOPICS

router = APIRouter(tags=["Webhooks"])
_HEADERS: Final = {
    "X-Shopify-Hmac-Sha256": "HMAC-SHA256 of the body with the app's secret, in base64.",
    "X-Shopify-Shop-Domain": "The shop's own domain.",
    "X-Shopify-Topic": "What happened, e.g. `orders/updated`.",
    "X-Shopify-Webhook-Id": "The same for every copy of a delivery.",
}
_VALUES: Final[dict[str, JsonObject]] = {"X-Shopify-Topic": {"enum": sorted(TOPICS)}}
_DELIVERY: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string", **_VALUES.get(name, {})},
        }
        for name, text in _HEADERS.items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "The resource as Shopify's REST API."},
                "example": {"id": 5001, "admin_graphql_api_id": "gid://shopify/Order/5001"},
            }
        },
    },
}


@router.post(
    "/webhooks/shopify",
    summary="Take a webhook delivery",
    response_class=Response,
    responses={**responses(400, 404, 413), 200: {"description": "It is queued"}},
    openapi_extra=_DELIVERY,
)
async def receive_webhook(request: Request, bindings: Bound) -> Response:
    """200 once it is queued; 401, 404, 400, 413 or 500 as `take_delivery` says."""
    await take_delivery(
        await request.body(),
        request.headers,
        settings=bindings.settings,
        queue=bindings.queue,
        objects=bindings.objects,
    )
    return Response(status_code=200)
