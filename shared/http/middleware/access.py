"""Lets a request in only with a principal, before any of its body is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.identity.models import Principal

Authenticate = Callable[[HTTPConnection], Awaitable[Principal]]


class RequireAccess:
    """Sets `state.principal`, or lets the error of `authenticate` be the answer."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate) -> None:
        self.app = app
        self.authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["principal"] = await self.authenticate(HTTPConnection(scope))
        await self.app(scope, receive, send)
