"""Describes what captures engagement: events of pages and servers, links into the shop, the pixel.

`hot_routes` and the Worker's `fetch` answer these paths before the application, by
`engagement_http`; what stands here is what OpenAPI says of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from platform_api.engagement_http import EVENTS, LINKS, PIXEL
from shared.engagement.schemas import EventBatch, EventsAnswer
from shared.http.plain import JSON
from shared.http.problems import responses

router = APIRouter(tags=["Engagement"])

_ITEM: Final = "itm_0c1d2e3f4a5b5c6d8e9f0a1b2c3d4e5f"
_EXAMPLE: Final = {
    "key": "pk_live_<id>_<secret>",
    "events": [
        {"type": "impression", "item_id": _ITEM},
        {
            "type": "click",
            "item_id": _ITEM,
            "event_id": "visit-1/click-1",
            "occurred_at": "2026-11-24T12:00:00Z",
        },
    ],
}
_SCHEMA: Final = EventBatch.model_json_schema(ref_template="#/components/schemas/{model}")
_EVENT: Final = _SCHEMA.pop("$defs")["EngagementEvent"]
_SCHEMA["properties"]["events"]["items"] = _EVENT
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": _SCHEMA, "example": _EXAMPLE} for kind in (JSON, "text/plain")
        },
    },
    "security": [{}, {"key": []}, {"token": []}],
}
_OPEN: Final[dict[str, Any]] = {"security": []}
_LIMITED: Final = {
    name: {"schema": {"type": "string"}, "description": description}
    for name, description in (
        ("RateLimit-Policy", "What the key may do in a minute."),
        ("RateLimit", "What it has left."),
    )
}


@router.post(
    EVENTS,
    summary="Post engagement events",
    status_code=202,
    response_model=EventsAnswer,
    responses={**responses(400, 403, 413, 415, 422, 429), 202: {"headers": _LIMITED}},
    openapi_extra=_BODY,
)
async def post_events(
    key: Annotated[str | None, Query(description="A publishable key, for beacons.")] = None,
) -> None:
    """From pages with a publishable key, from servers with a secret one (`engagement:write`).

    Each event gets a verdict of its own. A conversion needs a secret key and earns nothing: what
    earns are orders that carry the `click_id`.
    """


@router.get(
    LINKS + "{item_id}",
    summary="Follow a link into the shop",
    status_code=302,
    response_class=Response,
    responses={
        **responses(400, 404),
        302: {
            "description": "The product's page",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
    },
    openapi_extra=_OPEN,
)
async def follow_link(
    item_id: Annotated[str, Path(description="The item that was clicked.")],
    to: Annotated[
        str | None, Query(description="Another page of the shop, as a path: `/collections/new`.")
    ] = None,
) -> None:
    """Records the click; where it may earn, the address has its signed `click_id`."""


@router.get(
    PIXEL,
    summary="Count an impression by an image",
    response_class=Response,
    responses={**responses(), 200: {"description": "Always", "content": {"image/gif": {}}}},
    openapi_extra=_OPEN,
)
async def show_pixel(
    item: Annotated[str | None, Query(description="The item that is shown.")] = None,
) -> None:
    """The same image whether or not anything was counted."""
