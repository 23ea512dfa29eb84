"""Errors as `application/problem+json` (RFC 9457): the one place where they become HTTP."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared import errors
from shared.errors import DomainError, FieldProblem

MEDIA_TYPE: Final = "application/problem+json"
_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_PLACES: Final = frozenset({"body", "query", "path", "header"})
_BY_STATUS: Final = {
    400: errors.BadRequest,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    412: errors.PreconditionFailed,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
    422: errors.InvalidInput,
    428: errors.PreconditionRequired,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
}
_logger = logging.getLogger(__name__)


class MethodNotAllowed(DomainError):
    """The resource does not offer this method."""

    status = 405


class InternalError(DomainError):
    """Something went wrong on our side."""


class ProblemField(BaseModel):
    """One thing wrong with the request."""

    pointer: str = Field(description="JSON pointer to the field, e.g. `/weights/w7`.")
    detail: str


class Problem(BaseModel):
    """What every error answer looks like."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Names the kind of problem, e.g. `urn:problem:not-found`.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="What to quote when asking about it.")
    errors: list[ProblemField] = Field(default_factory=list)


def responses(*statuses: int, asks_who: bool = True) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI error answers of a route: these, and those every route can give.

    Args:
        statuses: What this route can answer besides.
        asks_who: Whether it answers 401 to who is unknown.
    """
    always = {401, 500, 503} if asks_who else {500, 503}
    return {status: _described(status) for status in sorted({*statuses, *always})}


def _described(status: int) -> dict[str, Any]:
    kind = _BY_STATUS.get(status, InternalError)
    example = {
        "type": problem_type(kind()),
        "title": kind.title(),
        "status": status,
        "detail": kind.title(),
        "instance": "/health",
        "request_id": "req_0f8c2a51d4b84e6f9a3b7c1d2e5f6071",
        "errors": [{"pointer": "/limit", "detail": "is too large"}] if status == 422 else [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }


def problem_response(request: Request, error: DomainError) -> JSONResponse:
    """Render an error; the request gives `instance` and `request_id`."""
    request_id = getattr(request.state, "request_id", "")
    return JSONResponse(
        problem_document(error, instance=request.url.path, request_id=request_id),
        status_code=error.status,
        headers=error.headers,
        media_type=MEDIA_TYPE,
    )


def problem_document(error: DomainError, *, instance: str, request_id: str) -> dict[str, Any]:
    """Return what the body of an error answer says."""
    title = error.title()
    problem = Problem(
        type=problem_type(error),
        title=title,
        status=error.status,
        detail=error.detail or title,
        instance=instance,
        request_id=request_id,
        errors=[ProblemField(pointer=p.pointer, detail=p.detail) for p in error.problems],
    )
    return {**error.members, **problem.model_dump()}


def problem_type(error: DomainError) -> str:
    """Return the problem's type: a URN made from the name of the error's class."""
    return "urn:problem:" + re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def answer(request: Request, error: Exception) -> JSONResponse:
    """Answer any exception; one that is ours to mend is logged, and the caller not told what.

    What is not there now (503) is told and logged too, in a line: somebody has to look at it.
    """
    known = _domain_error(request, error)
    asked = {
        "request_id": getattr(request.state, "request_id", ""),
        "method": request.method,
        "path": request.url.path,
    }
    if known is not None and known.status != 500:
        if known.status > 500:
            _logger.warning("not available", extra={**asked, "reason": known.detail})
        return problem_response(request, known)
    _logger.error("unexpected error", exc_info=error, extra=asked)
    return problem_response(request, InternalError("the request failed; it has been logged"))


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""

    async def handle(request: Request, error: Exception) -> JSONResponse:
        return answer(request, error)

    for kind in (DomainError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def _domain_error(request: Request, error: Exception) -> DomainError | None:
    if isinstance(error, RequestValidationError):
        return _validation_error(request, error.errors())
    if isinstance(error, HTTPException):
        return _http_error(request, error)
    return error if isinstance(error, DomainError) else None


def _http_error(request: Request, error: HTTPException) -> DomainError:
    if error.status_code == 405:
        return MethodNotAllowed(headers={"Allow": ", ".join(_methods_of(request))})
    kind = _BY_STATUS.get(error.status_code, errors.BadRequest)
    plain = error.detail == HTTPStatus(error.status_code).phrase
    return kind("" if plain else str(error.detail), headers=error.headers)


def _methods_of(request: Request) -> list[str]:
    """Return every method of the path; the framework names those of the first route only."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def _validation_error(request: Request, found: Sequence[dict[str, Any]]) -> DomainError:
    """Tell a payload that is not valid (422) from a request that is malformed (400)."""
    problems = [FieldProblem(pointer(item["loc"]), str(item["msg"])) for item in found]
    in_body = all(item["loc"] and item["loc"][0] == "body" for item in found)
    if in_body and request.headers.get("content-type", "").split(";")[0] != "application/json":
        return errors.UnsupportedMediaType("the body must be application/json")
    if not in_body or any(item["type"] == "json_invalid" for item in found):
        return errors.BadRequest(_sentence(problems), problems=problems)
    return errors.InvalidInput(_sentence(problems), problems=problems)


def pointer(location: Sequence[int | str]) -> str:
    """Return the JSON pointer of a place in the request as pydantic tells it."""
    parts = location[1:] if location and location[0] in _PLACES else location
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _sentence(problems: Sequence[FieldProblem]) -> str:
    return "; ".join(f"{p.pointer or 'the body'}: {p.detail}" for p in problems[:3])
