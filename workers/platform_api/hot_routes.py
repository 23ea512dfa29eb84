"""Answers the hot routes before the application, as the Worker's `fetch` does before the bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from platform_api.bindings import PlatformBindings
from platform_api.engagement_http import answer, is_hot
from shared import limits
from shared.http.plain import Answered, Asked


class HotRoutes:
    """Hands hot paths to `engagement_http`, and the others on."""

    def __init__(self, app: FastAPI, bindings_of: Callable[[Request], PlatformBindings]) -> None:
        self.app = app
        self.bindings_of = bindings_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or not is_hot(scope["path"]):
            await self.app(scope, receive, send)
            return
        body = await _body(receive) if scope["method"] == "POST" else b""
        if body is not None:
            found = await answer(lambda: self.bindings_of(Request(scope)), _asked(scope, body))
            await _send(found, send)


async def _body(receive: Receive) -> bytes | None:
    """Return the body, one that is too large only so far; None if nobody waits for an answer."""
    body, more = b"", True
    while more and len(body) <= limits.REQUEST_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _asked(scope: Scope, body: bytes) -> Asked:
    client = scope.get("client")
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=_headers(scope["headers"]),
        body=body,
        address=client[0] if client else None,
    )


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in raw}
    if len(headers) == len(raw):
        return headers
    every = Headers(raw=list(raw))  # one that is there several times is one list
    return {name: ", ".join(every.getlist(name)) for name in headers}


async def _send(found: Answered, send: Send) -> None:
    body = found.body.encode() if isinstance(found.body, str) else found.body
    headers = {"Content-Length": str(len(body)), **found.headers}
    if found.status == 204:
        del headers["Content-Length"]
    raw: list[Any] = [
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
    ]
    await send({"type": "http.response.start", "status": found.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
