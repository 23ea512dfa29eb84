"""Caps request bodies: by what they declare at once, and by what arrives while they arrive."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import limits
from shared.errors import BadRequest, PayloadTooLarge


class BodyLimit:
    """Answers 413 to a body above the limit."""

    def __init__(self, app: ASGIApp, limit: int = limits.REQUEST_BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            self._check_declared(Headers(scope=scope).get("content-length"))
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self.limit:
                # FastAPI turns any other exception of a body it reads into a 400.
                raise HTTPException(413, self._sentence())
            return message

        await self.app(scope, counted, send)

    def _check_declared(self, length: str | None) -> None:
        if length is None:
            return
        if not (length.isascii() and length.isdigit()):
            raise BadRequest("Content-Length is not a number")
        if int(length) > self.limit:
            raise PayloadTooLarge(self._sentence())

    def _sentence(self) -> str:
        return f"a body may have at most {self.limit} bytes"
