"""A port for each Worker: `wrangler dev` has one for all of them, behind which a router stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from local.controls import HEADER as CONTROL
from local.controls import is_known

EXPLORER: Final = "/cdn-cgi/local/explorer/api"
_WORKER: Final = "X-Edge-Worker"
_CRON: Final = frozenset({"/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled"})
_NOT_PASSED_ON: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


class Door:
    """Passes every request on to one Worker, under the address that it was asked at.

    Args:
        http: Reaches `wrangler dev`.
        worker: The router's binding of the Worker.
        secret: Wanted in `X-Local-Control`, where the Worker is not for everyone on this machine.
    """

    def __init__(self, http: httpx.AsyncClient, worker: str, *, secret: str | None = None) -> None:
        self.http = http
        self.worker = worker
        self.secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = await self.answer(request)
        await answer(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Answer a request; what belongs to Wrangler itself is not there."""
        if self.secret is not None and not is_known(request, self.secret):
            return JSONResponse({"detail": f"the header {CONTROL} is missing or wrong"}, 404)
        if request.url.path.startswith("/cdn-cgi/"):
            return JSONResponse({"detail": "not found"}, 404)
        return await self._passed_on(request)

    async def _passed_on(self, request: Request) -> Response:
        kept = [
            (name, value)
            for name, value in request.headers.items()
            if name not in _NOT_PASSED_ON and name != _WORKER.lower()
        ]
        target = self.http.base_url.copy_with(
            raw_path=request.scope["raw_path"] + _query(request.scope)
        )
        asked = httpx.Request(
            request.method,
            target,
            headers=[*kept, (_WORKER, self.worker)],
            content=await request.body(),
        )
        try:
            answer = await self.http.send(asked, stream=True)
            content = b"".join([chunk async for chunk in answer.aiter_raw()])
        except httpx.HTTPError as error:
            return PlainTextResponse(f"wrangler dev: {error!r}\n", 502)
        response = Response(content, answer.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower().decode() not in _NOT_PASSED_ON
        ]
        return response


class IngestDoor(Door):
    """Ingest's: a cron is fired as Wrangler documents it, at `/cdn-cgi/handler/scheduled`."""

    def __init__(self, http: httpx.AsyncClient, worker: str, *, script: str) -> None:
        super().__init__(http, worker)
        self.script = script

    async def answer(self, request: Request) -> Response:
        """Fire a cron, or pass the request on."""
        if request.url.path not in _CRON:
            return await super().answer(request)
        return await self._fired(request.query_params)

    async def _fired(self, query: Mapping[str, str]) -> Response:
        wanted: dict[str, str | int] = {"cron": query.get("cron", "")}
        if time := query.get("time"):
            if not time.isascii() or not time.isdigit():
                return PlainTextResponse("time is no number of milliseconds\n", 400)
            wanted["scheduled_time"] = int(time)
        answer = await self.http.post(
            f"{EXPLORER}/local/scheduled", params={"worker": self.script}, json=wanted
        )
        result = answer.json()
        if not answer.is_success:
            return PlainTextResponse(f"{result['errors'][0]['message']}\n", answer.status_code)
        outcome = result["result"]["outcome"]
        return PlainTextResponse(outcome, 200 if outcome == "ok" else 500)


class BucketDoor:
    """The public bucket as its own domain serves it: `GET /key`."""

    def __init__(self, http: httpx.AsyncClient, bucket: str) -> None:
        self.http = http
        self.bucket = bucket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            return
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return JSONResponse({"detail": "method not allowed"}, 405)
        key = quote(request.url.path.removeprefix("/"), safe="")
        found = await self.http.get(f"{EXPLORER}/r2/buckets/{self.bucket}/objects/{key}")
        if not found.is_success:
            return JSONResponse({"detail": "not found"}, 404)
        kept = {
            name: found.headers[name] for name in ("content-type", "etag") if name in found.headers
        }
        return Response(found.content, headers=kept)


def _query(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    return b"?" + query if query else b""
