"""Answers a request with an ASGI application, and keeps from it what the bridge cannot take.

The SDK's bridge reads a body whole before the application is asked, whatever its size, and it
fails at a method that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPMethod
from typing import Any, Final

from shared import limits
from shared.adapters.cloudflare import plain
from shared.adapters.cloudflare.javascript import BODIES, function
from shared.http.middleware.request_id import HEADER
from shared.http.middleware.security_headers import HEADERS
from shared.http.plain import Answered, problem_answer
from shared.http.problems import MethodNotAllowed
from shared.ids import new_id
from workers import Request, asgi

_ALLOW: Final = {"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"}


async def serve(
    app: Any,
    request: Any,
    worker: Any,
    *,
    limit: int = limits.REQUEST_BODY_BYTES,
    limits_of: Mapping[str, int] | None = None,
) -> Any:
    """Answer a request.

    Args:
        app: The application; it refuses a body that says it is larger than the limit.
        request: The request, as the SDK has it.
        worker: The entrypoint, for its environment and context.
        limit: Bytes of a body that are read at most.
        limits_of: The limits of paths that have their own.
    """
    script = request.js_object
    path = plain.path_of(script.url)
    if script.method not in HTTPMethod.__members__:
        return plain.answered(_unknown_method(path))
    if script.body:
        most = limit if limits_of is None else limits_of.get(path, limit)
        request = Request(await function("bounded", BODIES)(script, most))
    return await asgi.fetch(app, request, worker.env, worker.ctx)


def _unknown_method(path: str) -> Answered:
    request_id = new_id("req")
    found = problem_answer(MethodNotAllowed(headers=_ALLOW), path=path, request_id=request_id)
    return found._replace(headers={**HEADERS, HEADER: request_id, **found.headers})
