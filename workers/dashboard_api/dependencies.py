"""What a route asks for: the bindings of this request and who sent it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

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


async def _ingest(bindings: Bound) -> Ingest:
    return Ingest(bindings.ingest)


IngestWorker = Annotated[Ingest, Depends(_ingest)]
