"""What a route asks for: the bindings of this request and who sent it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from dashboard_api.bindings import DashboardBindings
from dashboard_api.ingest import Ingest
from shared.identity.models import Principal


async def _bindings(request: Request) -> DashboardBindings:
    bindings: DashboardBindings = request.state.bindings
    return bindings


async def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Bound = Annotated[DashboardBindings, Depends(_bindings)]
Caller = Annotated[Principal, Depends(_principal)]


IfMatch = Annotated[str | None, Header(description="The ETag of the version that was read.")]
EntityId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""Any id of ours: one of another kind names nothing, and is answered so."""


async def _ingest(bindings: Bound) -> Ingest:
    return Ingest(bindings.ingest)


IngestWorker = Annotated[Ingest, Depends(_ingest)]
