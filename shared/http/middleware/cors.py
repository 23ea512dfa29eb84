"""Lets one other origin's pages call the API, if the deployment names one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_REQUEST_HEADERS: Final = ("Content-Type", "If-Match", "If-None-Match", "Idempotency-Key")
_ANSWER_HEADERS: Final = ("ETag", "Location", "Retry-After", "X-Request-Id")
_PREFLIGHT_SECONDS: Final = 3600


class Cors:
    """Answers preflights before anyone is asked who they are: browsers send them without."""

    def __init__(self, app: ASGIApp, origin_of: Callable[[Request], str | None]) -> None:
        self.app = app
        self.origin_of = origin_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        origin = self.origin_of(Request(scope)) if scope["type"] == "http" else None
        if origin is None:
            await self.app(scope, receive, send)
            return
        allowing = CORSMiddleware(
            self.app,
            allow_origins=[origin.rstrip("/")],
            allow_credentials=True,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_ANSWER_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )
        await allowing(scope, receive, send)
