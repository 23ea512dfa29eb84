"""What ingest answers to the other Workers: its `Internal` entrypoint, never public."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, FastAPI, Path
from pydantic import BaseModel, ConfigDict

from ingest.dependencies import BindingsOf, Bound
from ingest.routes import dead_letters, runs
from ingest.schemas import InstanceRead, LeaseRead, Released
from shared.errors import NotFound
from shared.health.checks import ingest_health
from shared.health.models import Health
from shared.http import openapi, problems
from shared.http.middleware.body_limit import BodyLimit
from shared.http.middleware.errors import Errors
from shared.http.middleware.request_id import RequestId
from shared.http.problems import responses
from shared.jobs import RunId, SyncObject
from shared.ports import JsonObject

REQUEST_LEASE: Final = timedelta(minutes=10)
"""How long a run that was asked for keeps its object before it has started; then it renews."""

_ANSWER: Final[dict[str, Any]] = {
    "content": {
        "application/json": {"example": {"items": [], "next_cursor": None, "as_of": "2026-11-20"}}
    }
}

router = APIRouter()
Name = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,63}$")]


class InstanceNotFound(NotFound):
    """There is no such Workflow instance."""


class LeaseRequest(BaseModel):
    """The run that wants an object."""

    model_config = ConfigDict(extra="forbid")

    run_id: RunId


def internal_app(bindings_of: BindingsOf) -> FastAPI:
    """Return the application that the service binding reaches.

    Args:
        bindings_of: Gives the ports for one request; nothing in them outlives it.
    """
    app = FastAPI(
        title="ingest",
        version="0.1.0",
        description="What the other Workers ask of ingest, through the service binding only.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.bindings_of = bindings_of
    problems.install(app)
    for part in (router, runs.router, dead_letters.router):
        app.include_router(part)
    openapi.describe(app, {})
    for middleware in (BodyLimit, Errors, RequestId):
        app.add_middleware(middleware)
    return app


@router.get(
    "/health",
    tags=["Health"],
    summary="Tell how ingest is",
    responses=responses(asks_who=False),
)
async def read_health(bindings: Bound) -> Health:
    """Always 200: what is down is in the document, and the caller decides."""
    return await ingest_health(
        bindings.databases, bindings.watermarks, bindings.objects, bindings.clock
    )


@router.post(
    "/leases/{name}",
    tags=["Leases"],
    summary="Lease an object for a run that is about to start",
    response_model=LeaseRead,
    responses=responses(400, 415, 422, asks_who=False),
)
async def acquire_lease(bindings: Bound, name: SyncObject, wanted: LeaseRequest) -> JsonObject:
    """Answers who holds it now: the run itself, or the one that runs already."""
    lease = await bindings.watermarks.acquire(name, wanted.run_id, ttl=REQUEST_LEASE)
    return {"name": name, "held_by": lease.held_by, "expires_at": lease.expires_at}


@router.delete(
    "/leases/{name}",
    tags=["Leases"],
    summary="Give a lease back",
    response_model=Released,
    responses=responses(400, asks_who=False),
)
async def release_lease(bindings: Bound, name: SyncObject, run_id: RunId) -> JsonObject:
    """Changes nothing if another run holds it."""
    await bindings.watermarks.release(name, run_id)
    return {}


@router.post(
    "/measurement/query/{name}",
    tags=["Measurement"],
    summary="Answer a named read of the measurement tables",
    responses={**responses(400, 404, 415, 422, asks_who=False), 200: _ANSWER},
    openapi_extra={"requestBody": {"content": {"application/json": {"example": {"limit": 50}}}}},
)
async def query_measurement(
    bindings: Bound, name: Name, request: Annotated[dict[str, Any], Body()]
) -> JsonObject:
    """The documents are those of `shared/performance/schemas.py`."""
    return await bindings.measurement.query(name, request)


@router.get(
    "/workflows/{name}/{instance_id}",
    tags=["Runs"],
    summary="Read the state of a Workflow instance",
    response_model=InstanceRead,
    responses=responses(400, 404, asks_who=False),
)
async def read_instance(bindings: Bound, name: Name, instance_id: RunId) -> JsonObject:
    """What the engine says of it."""
    if (status := await bindings.workflows.status(name, instance_id)) is None:
        raise InstanceNotFound(f"{name}/{instance_id}")
    return asdict(status)
