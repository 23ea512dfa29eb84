"""Puts the catalog's operations behind URLs: access, faults, limits and errors of the REST API."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.iceberg_api import (
    NAMESPACE_SEPARATOR,
    OPERATIONS,
    Call,
    CatalogApi,
    Operation,
    error_answer,
)
from local.iceberg_faults import Fault

_STATUS: Final[Mapping[type[Exception], int]] = {
    NoSuchNamespaceError: 404,
    NoSuchTableError: 404,
    NamespaceAlreadyExistsError: 409,
    NamespaceNotEmptyError: 409,
    TableAlreadyExistsError: 409,
    CommitFailedException: 409,
    ValidationError: 400,
    ValueError: 400,
    KeyError: 400,
}


def catalog_app(api: CatalogApi) -> Starlette:
    """Return the ASGI app that answers for the catalog."""
    return Starlette(routes=[_route(api, operation) for operation in OPERATIONS])


def _route(api: CatalogApi, operation: Operation) -> Route:
    async def endpoint(request: Request) -> Response:
        refused = _unauthorized(api, request)
        if refused is not None:
            return refused
        if request.path_params.get("prefix", api.prefix) != api.prefix:
            return error_answer(404, "NotFoundException", "there is no such prefix")
        call = Call(
            tuple(request.path_params.get("namespace", "").split(NAMESPACE_SEPARATOR)),
            request.path_params.get("table", ""),
            request.query_params,
            await request.body(),
        )
        return await run_in_threadpool(_answer, api, operation, call)

    path = "/v1/config" if operation.path == "config" else f"/v1/{{prefix}}/{operation.path}"
    return Route(path, endpoint, methods=[operation.method])


def _unauthorized(api: CatalogApi, request: Request) -> Response | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        return PlainTextResponse("Unauthorized", 401)
    if not hmac.compare_digest(given.encode(), api.token.encode()):
        return PlainTextResponse("Forbidden", 403)
    return None


def _answer(api: CatalogApi, operation: Operation, call: Call) -> Response:
    name = operation.answer.__name__
    fault = api.faults.take(name)
    if fault is not None and not fault.after:
        return _injected(fault)
    if operation.is_write:
        table = ".".join(call.identifier) if name == "update_table" else None
        if api.limits.refuses(table):
            return error_answer(429, "TooManyRequests", "too many writes", retry_after=60)
    try:
        response = operation.answer(api, call)
    except tuple(_STATUS) as error:
        status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
        return error_answer(status, type(error).__name__, str(error))
    return response if fault is None else _injected(fault)


def _injected(fault: Fault) -> Response:
    return error_answer(fault.status, fault.error_type, "injected", retry_after=fault.retry_after)
