"""Lets a request in only with a principal, before any of its body is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.identity.models import Principal

Authenticate = Callable[[Request], Awaitable[Principal]]


class RequireAccess:
    """Sets `state.principal`, or lets the error of `authenticate` be the answer."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate) -> None:
        self.app = app
        self.authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            state: dict[str, Any] = scope.setdefault("state", {})
            state["principal"] = await self.authenticate(Request(scope))
        await self.app(scope, receive, send)
