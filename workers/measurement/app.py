"""The measurement engine over HTTP: refresh stages, named reads, and the objects they need."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from measurement.jobs import Jobs
from shared import limits
from shared.errors import Conflict, PayloadTooLarge, Unauthenticated
from shared.http import problems
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.ports import JsonObject, Measurement, ObjectStore

router = APIRouter()
_RUNNING: Final = {"state": "running"}
_BEARER: Final = HTTPBearer(auto_error=False)


@dataclass(frozen=True, slots=True)
class MeasurementBindings:
    """What the process holds: the engine, its objects, and who may ask."""

    engine: Measurement
    objects: ObjectStore
    inbox: Path
    """Where the parts of an object gather until it is whole."""
    token: str
    jobs: Jobs


def create_app(bindings: MeasurementBindings) -> FastAPI:
    """Return the application; its end waits for the jobs that run."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await bindings.jobs.finish()

    app = FastAPI(
        title="measurement",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.bindings = bindings
    problems.install(app)
    app.include_router(router)
    for middleware in (Errors, RequestId):
        app.add_middleware(middleware)
    return app


async def _open(request: Request) -> MeasurementBindings:
    bindings: MeasurementBindings = request.app.state.bindings
    return bindings


async def _allowed(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> MeasurementBindings:
    bindings: MeasurementBindings = request.app.state.bindings
    given = credentials.credentials if credentials else ""
    if not hmac.compare_digest(given.encode(), bindings.token.encode()):
        raise Unauthenticated("a bearer token is required", headers={"WWW-Authenticate": "Bearer"})
    return bindings


Open = Annotated[MeasurementBindings, Depends(_open)]
Allowed = Annotated[MeasurementBindings, Depends(_allowed)]


@router.get("/health")
async def read_health(_bindings: Open) -> JsonObject:
    """Answer that the process listens."""
    return {"status": "ok"}


@router.post("/refresh/{stage}")
async def refresh(
    bindings: Allowed, stage: str, request: Annotated[dict[str, Any], Body()]
) -> Response:
    """Run a stage, or join the run of it; 202 while it takes longer."""
    result = await bindings.jobs.result(
        stage, request, lambda: bindings.engine.refresh(stage, request)
    )
    return JSONResponse(_RUNNING, 202) if result is None else JSONResponse(result)


@router.post("/query/{name}")
async def query(
    bindings: Allowed, name: str, request: Annotated[dict[str, Any], Body()]
) -> JsonObject:
    """Answer a named read."""
    return await bindings.engine.query(name, request)


@router.put("/objects/{key:path}", status_code=204)
async def put_object_part(
    bindings: Allowed,
    request: Request,
    key: str,
    offset: Annotated[int, Query(ge=0)],
    size: Annotated[int, Query(ge=0)],
) -> Response:
    """Take the bytes at `offset` of an object of `size`; the last part makes it visible."""
    part = await _part(request)
    path = bindings.inbox / (key.replace("/", "~") + ".part")
    _append(path, offset, part)
    if offset + len(part) >= size:
        await bindings.objects.put_stream(key, _chunks(path))
        path.unlink()
    return Response(status_code=204)


async def _part(request: Request) -> bytes:
    part = bytearray()
    async for chunk in request.stream():
        part += chunk
        if len(part) > limits.OBJECT_RANGE_BYTES:
            raise PayloadTooLarge(f"a part has at most {limits.OBJECT_RANGE_BYTES} bytes")
    return bytes(part)


def _append(path: Path, offset: int, part: bytes) -> None:
    """Write a part at its place; one that came before is written again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    present = path.stat().st_size if path.exists() and offset else 0
    if present < offset:
        raise Conflict(f"the parts before {offset} are not here; begin again")
    with path.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        file.write(part)
        file.truncate()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(limits.MIB):
            yield chunk
