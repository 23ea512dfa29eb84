"""Caps request bodies: by what they declare at once, and by what arrives while they arrive."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import limits
from shared.errors import BadRequest, PayloadTooLarge


class BodyLimit:
    """Answers 413 to a body above the limit.

    Args:
        app: What answers the others.
        limit: Of every path that has none of its own.
        limits_of: The limits of single paths: those that take files.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int = limits.REQUEST_BODY_BYTES,
        limits_of: Mapping[str, int] | None = None,
    ) -> None:
        self.app = app
        self.limit = limit
        self.limits_of = dict(limits_of or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        limit = self.limits_of.get(scope.get("path", ""), self.limit)
        if scope["type"] == "http":
            check_declared(Headers(scope=scope).get("content-length"), limit)
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                # FastAPI turns any other exception of a body it reads into a 400.
                raise HTTPException(413, _sentence(limit))
            return message

        await self.app(scope, counted, send)


def check_declared(length: str | None, limit: int) -> None:
    """Raise what is wrong with a Content-Length, or with a body that has it."""
    if length is None:
        return
    if not (length.isascii() and length.isdigit()):
        raise BadRequest("Content-Length is not a number")
    if int(length) > limit:
        raise body_too_large(limit)


def body_too_large(limit: int) -> PayloadTooLarge:
    """Return the error of a body above a limit."""
    return PayloadTooLarge(_sentence(limit))


def _sentence(limit: int) -> str:
    return f"a body may have at most {limit} bytes here"
