"""Answers the hot routes: events, links and the pixel; the same on both runtimes.

On Cloudflare the Worker's `fetch` calls `answer` before the ASGI bridge; everywhere `hot_routes`
calls it before the application, so there is one behaviour.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from platform_api.bindings import PlatformBindings
from shared import limits
from shared.engagement.bindings import signing_key
from shared.engagement.capturing import capture
from shared.engagement.intake import Intake, read_events
from shared.engagement.links import destination, follow, show
from shared.engagement.models import Visitor
from shared.engagement.posters import (
    authenticated_poster,
    is_known_origin,
    spend_event_request,
)
from shared.engagement.visitors import visitor_of
from shared.errors import (
    BadRequest,
    DomainError,
    Forbidden,
    Unavailable,
    UnsupportedMediaType,
)
from shared.flags import is_on, require
from shared.http.middleware.body_limit import body_too_large, check_declared
from shared.http.middleware.request_id import HEADER, request_id_of
from shared.http.plain import JSON, PUBLIC_HEADERS, Answered, Asked, problem_answer
from shared.http.problems import InternalError, MethodNotAllowed
from shared.ids import new_id

EVENTS: Final = "/v1/events"
LINKS: Final = "/v1/r/"
PIXEL: Final = "/v1/pixel.gif"
RETRY_SECONDS: Final = "5"
GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
_BODY_TYPES: Final = frozenset({"", JSON, "text/plain", "application/octet-stream"})
"""What `fetch` and `navigator.sendBeacon` send JSON as; a Blob may have no type at all."""
_PREFLIGHT_SECONDS: Final = "7200"
_SERVER: Final = Visitor()
_logger: Final = logging.getLogger(__name__)


def is_hot(path: str) -> bool:
    """Return whether a path is answered here."""
    return path in {EVENTS, PIXEL} or path.startswith(LINKS)


async def answer(bindings_of: Callable[[], PlatformBindings], asked: Asked) -> Answered:
    """Answer a request of a hot path; an error is a problem, as everywhere.

    Args:
        bindings_of: Gives the ports, or raises what is wrong with them.
        asked: The request.
    """
    fresh = new_id("req")
    given = asked.headers.get("x-request-id")
    request_id = fresh if given is None else request_id_of(given)
    try:
        found = await _answer(bindings_of(), asked, fresh)
    except DomainError as error:
        found = _problem(asked, error, request_id)
    except Exception:
        _logger.exception("unexpected error", extra={"request_id": request_id, "path": asked.path})
        failed = InternalError("the request failed; it has been logged")
        found = _problem(asked, failed, request_id)
    return Answered(
        found.status, {**PUBLIC_HEADERS, HEADER: request_id, **found.headers}, found.body
    )


async def _answer(bindings: PlatformBindings, asked: Asked, fresh: str) -> Answered:
    now = bindings.clock.now()
    if asked.path == EVENTS:
        if asked.method == "POST":
            return await _posted(bindings, asked, now, fresh)
        if asked.method == "OPTIONS":
            return await _preflight(bindings, asked, now)
        raise MethodNotAllowed(headers={"Allow": "POST, OPTIONS"})
    if asked.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})
    if asked.path == PIXEL:
        return await _pixel(bindings, asked, now)
    return await _link(bindings, asked, now)


async def _posted(bindings: PlatformBindings, asked: Asked, now: datetime, fresh: str) -> Answered:
    try:
        return await _events(bindings, asked, now, fresh)
    except DomainError as error:
        error.headers = {**await _readable(bindings, asked, now), **error.headers}
        raise


async def _events(bindings: PlatformBindings, asked: Asked, now: datetime, fresh: str) -> Answered:
    await require(bindings, "engagement", now)
    # Of a body that says it is too large, no more than that may have come here.
    check_declared(asked.headers.get("content-length"), limits.REQUEST_BODY_BYTES)
    if len(asked.body) > limits.REQUEST_BODY_BYTES:
        raise body_too_large(limits.REQUEST_BODY_BYTES)
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() not in _BODY_TYPES:
        raise UnsupportedMediaType(f"the body must be JSON, as {JSON} or text/plain")
    origin = asked.headers.get("origin")
    intake = read_events(asked.body)
    poster = await authenticated_poster(bindings, _key(asked, intake), origin=origin, now=now)
    told = _allowing(origin) if poster.is_page and origin is not None else {}
    visitor = _visitor(bindings, asked, origin, now) if poster.is_page else _SERVER
    try:
        told |= (await spend_event_request(bindings, poster.caller, now=now)).headers
        verdicts = await capture(bindings, intake, poster, visitor, now=now, request=fresh)
    except DomainError as error:
        error.headers = {**told, **error.headers}
        raise
    return Answered(202, {"Content-Type": JSON, **told}, verdicts)


async def _readable(bindings: PlatformBindings, asked: Asked, now: datetime) -> dict[str, str]:
    """Return the headers with which a known page may read why it was refused."""
    origin = asked.headers.get("origin")
    try:
        is_known = origin is not None and await is_known_origin(bindings, origin, now)
    except Unavailable:
        return {}
    return _allowing(origin) if is_known and origin is not None else {}


async def _preflight(bindings: PlatformBindings, asked: Asked, now: datetime) -> Answered:
    origin = asked.headers.get("origin")
    if origin is None or not await is_known_origin(bindings, origin, now):
        raise Forbidden("no publishable key is for this origin", headers={"Vary": "Origin"})
    return Answered(
        204,
        {
            **_allowing(origin),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Api-Key, X-Request-Id",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        },
    )


async def _link(bindings: PlatformBindings, asked: Asked, now: datetime) -> Answered:
    item_id, to = asked.path.removeprefix(LINKS), asked.parameter("to")
    if asked.method == "HEAD" or not await is_on(bindings, "engagement", now):
        target = await destination(bindings, item_id, to, now)
    else:
        visitor = _visitor(bindings, asked, asked.headers.get("referer"), now)
        target = await follow(bindings, item_id, to, visitor, now)
    return Answered(302, {"Location": target})


async def _pixel(bindings: PlatformBindings, asked: Asked, now: datetime) -> Answered:
    headers = {"Content-Type": "image/gif", "Content-Length": str(len(GIF))}
    if asked.method == "HEAD":
        return Answered(200, headers)
    if await is_on(bindings, "engagement", now):
        visitor = _visitor(bindings, asked, asked.headers.get("referer"), now)
        await show(bindings, asked.parameter("item"), visitor, now)
    return Answered(200, headers, GIF)


def _key(asked: Asked, intake: Intake) -> str | None:
    header = asked.headers.get("x-api-key")
    authorization = asked.headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        authorization = token.strip() if scheme.lower() == "bearer" else ""
    given = [header, authorization, asked.parameter("key"), intake.key]
    keys = {key for key in given if key is not None}
    if len(keys) > 1:
        raise BadRequest("send one key, in one place")
    key = next(iter(keys), None)
    if key is not None and not key.startswith("pk_") and key not in {header, authorization}:
        raise BadRequest("a secret key is sent in a header: addresses and pages are logged")
    return key


def _visitor(bindings: PlatformBindings, asked: Asked, page: str | None, now: datetime) -> Visitor:
    return visitor_of(
        asked.headers,
        address=asked.headers.get("cf-connecting-ip", asked.address),
        country=asked.country,
        page=page,
        secret=signing_key(bindings.settings),
        memory=bindings.memory,
        now=now,
    )


def _allowing(origin: str) -> dict[str, str]:
    """Return the headers of an allowed page; beacons are sent with credentials, which none read."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
        "Vary": "Origin",
    }


def _problem(asked: Asked, error: DomainError, request_id: str) -> Answered:
    if error.status == 503:
        error.headers.setdefault("Retry-After", RETRY_SECONDS)
    return problem_answer(error, path=asked.path, request_id=request_id)
