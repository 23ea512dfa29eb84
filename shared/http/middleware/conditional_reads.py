"""Lets a browser keep what it read, and tells it in a few bytes that nothing has changed."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.conditional import etag, is_unchanged

CACHE_CONTROL: Final = "private, no-cache"
"""Kept by the reader alone, and asked for again each time."""
_READS: Final = frozenset({"GET", "HEAD"})
_OF_THE_BODY: Final = ("content-length", "content-type")


class ConditionalReads:
    """Gives JSON reads an ETag of what they say, unless they have one; answers 304 to who has it.

    A read that sets `Cache-Control` itself is left alone, and so is one that is streamed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["method"] not in _READS:
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match")
        head: Message | None = None

        async def judged(message: Message) -> None:
            nonlocal head
            if message["type"] == "http.response.start" and _is_judged(message):
                head = message
                return
            if head is not None and message["type"] == "http.response.body":
                for part in _answer(head, message, asked):
                    await send(part)
                head = None
                return
            await send(message)

        await self.app(scope, receive, judged)


def _is_judged(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    is_json = headers.get("content-type", "").startswith("application/json")
    return start["status"] == 200 and is_json and "cache-control" not in headers


def _answer(start: Message, body: Message, asked: str | None) -> tuple[Message, Message]:
    if body.get("more_body"):
        return start, body
    headers = MutableHeaders(scope=start)
    headers["Cache-Control"] = CACHE_CONTROL
    digest = hashlib.sha256(body.get("body", b"")).hexdigest()[:32]
    headers.setdefault("ETag", etag(digest))
    if not is_unchanged(asked, headers["ETag"]):
        return start, body
    for name in _OF_THE_BODY:
        del headers[name]
    return {**start, "status": 304, "headers": headers.raw}, {**body, "body": b""}
