"""`Idempotency-Key`: a POST that came before is answered as it was then, and done only once."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from shared.clock import Clock
from shared.errors import DomainError
from shared.idempotency.models import KeptAnswer, KeyedRequest, Reserved
from shared.idempotency.requests import abandon, begin, finish
from shared.identity.models import Principal
from shared.ids import new_id
from shared.ports import Database, Databases

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{8,200}\Z")
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,70})')
_ERRORS: Final = 400
_NOT_KEPT: Final = frozenset({"content-length"})
_LOG: Final = logging.getLogger(__name__)
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_DECLARED: Final = Header(
    alias=HEADER,
    min_length=8,
    max_length=200,
    pattern=r"^[\x21-\x7e]+$",
    description="Within a day, the same key of the same caller does nothing twice: the first "
    "answer comes again, with `Idempotency-Replayed: true`.",
    examples=["3f2c1f0e-6d0b-4c9e-9b0a-1f6b7a2d9c11"],
)


async def _key(request: Request, key: Annotated[str | None, _DECLARED] = None) -> str | None:
    return None if key is None else _qualified(request, key)


async def _required_key(request: Request, key: Annotated[str, _DECLARED]) -> str:
    return _qualified(request, key)


def _qualified(request: Request, key: str) -> str:
    reserved: Reserved = request.state.reserved
    return reserved.qualified(key)


IdempotencyKey = Annotated[str | None, Depends(_key)]
"""The key, qualified by when it was new: what `keyed_id` makes ids of."""
RequiredIdempotencyKey = Annotated[str, Depends(_required_key)]
"""For what moves money."""


class _Held(Protocol):
    """What the bindings of a request must have."""

    @property
    def databases(self) -> Databases: ...

    @property
    def clock(self) -> Clock: ...


class IdempotentRoute(APIRoute):
    """A route that honours `Idempotency-Key` if its function takes one.

    Only an answer below 400 is kept: an error gives its key back.
    """

    def get_route_handler(self) -> _Handler:
        """Return what answers a request."""
        handler = super().get_route_handler()
        if not any(asked.call in (_key, _required_key) for asked in self.dependant.dependencies):
            return handler

        async def handle(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or not _KEY.match(key):
                return await handler(request)
            return await _once(request, await _keyed(request, key), handler)

        return handle


async def _keyed(request: Request, key: str) -> KeyedRequest:
    principal: Principal = request.state.principal
    return KeyedRequest(
        principal=f"{principal.kind}:{principal.subject}",
        method=request.method,
        path=request.url.path,
        key=key,
        sha256=_digest(
            request.url.query, request.headers.get("content-type", ""), await request.body()
        ),
    )


def _digest(query: str, content_type: str, body: bytes) -> str:
    """Return what tells requests apart; the boundary of a form differs each time it is sent."""
    if boundary := _BOUNDARY.search(content_type):
        content_type = content_type.replace(boundary[1], "")
        body = body.replace(boundary[1].encode(), b"")
    head = f"{query}\0{content_type}\0".encode()
    return hashlib.sha256(head + body).hexdigest()


async def _once(request: Request, keyed: KeyedRequest, handler: _Handler) -> Response:
    held: _Held = request.state.bindings
    attempt = new_id("att")
    async with held.databases.open() as db:
        known = await begin(db, keyed, attempt, at=held.clock.now())
    if isinstance(known, KeptAnswer):
        return _replayed(known)
    request.state.reserved = known
    try:
        response = await handler(request)
    except Exception:
        await _quietly(held.databases, lambda db: abandon(db, keyed, attempt))
        raise
    if response.status_code < _ERRORS:
        answer = _kept(response)
        await _quietly(held.databases, lambda db: finish(db, keyed, attempt, answer))
    else:
        await _quietly(held.databases, lambda db: abandon(db, keyed, attempt))
    return response


async def _quietly(databases: Databases, act: Callable[[Database], Awaitable[None]]) -> None:
    """Do it, or say that it failed: the answer is what the caller needs, whatever becomes of it."""
    try:
        async with databases.open() as db:
            await act(db)
    except DomainError as error:
        _LOG.warning("an idempotent request was not noted", extra={"error": type(error).__name__})


def _kept(response: Response) -> KeptAnswer:
    headers = [[k, v] for k, v in response.headers.items() if k not in _NOT_KEPT]
    return KeptAnswer(response.status_code, headers, bytes(response.body).decode())


def _replayed(answer: KeptAnswer) -> Response:
    response = Response(answer.body, status_code=answer.status)
    for name, value in [*answer.headers, [REPLAYED, "true"]]:
        response.headers[name] = value
    return response
