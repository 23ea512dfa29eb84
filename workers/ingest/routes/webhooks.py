"""Where Shopify delivers webhooks."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ingest.dependencies import Bound
from shared.webhooks.intake import take_delivery

router = APIRouter()


@router.post("/webhooks/shopify", summary="Take a webhook delivery")
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
