"""What the routes of ingest are given for one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from ingest.bindings import IngestBindings

BindingsOf = Callable[[Request], IngestBindings]


async def _bindings(request: Request) -> IngestBindings:
    bindings_of: BindingsOf = request.app.state.bindings_of
    return bindings_of(request)


Bound = Annotated[IngestBindings, Depends(_bindings)]
