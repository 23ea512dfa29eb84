"""Serves the public bucket on the loopback, as a custom domain does on Cloudflare."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from shared.ports import ObjectStore


def asset_host(assets: ObjectStore) -> Starlette:
    """Return the application that answers with the bucket's objects."""

    async def read(request: Request) -> Response:
        key = request.path_params["key"]
        if (found := await assets.head(key)) is None:
            return Response(status_code=404)
        headers = {"ETag": f'"{found.etag}"', "Content-Length": str(found.size)}
        return StreamingResponse(assets.stream(key), media_type=found.content_type, headers=headers)

    return Starlette(routes=[Route("/{key:path}", read)])
