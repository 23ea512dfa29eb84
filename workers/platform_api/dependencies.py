"""What a route asks for: the bindings of this request, and which publisher sent it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from platform_api.bindings import PlatformBindings
from shared.errors import BadRequest
from shared.publishers.access import authenticate, require_scope
from shared.publishers.access_models import Caller
from shared.publishers.credentials import Scope
from shared.publishers.rate_limits import spend

API_KEY: str = "X-Api-Key"


async def _bindings(request: Request) -> PlatformBindings:
    bindings: PlatformBindings = request.state.bindings
    return bindings


Bound = Annotated[PlatformBindings, Depends(_bindings)]


class Allowed:
    """Lets a publisher in who has a scope, and counts the request against its key."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, request: Request, bindings: Bound) -> Caller:
        """Return who asks. Raises Unauthenticated, Forbidden, RateLimited."""
        now = bindings.clock.now()
        async with bindings.databases.open() as db:
            caller = await authenticate(db, _credential(request), now=now)
            allowance = await spend(db, caller, now=now)
        request.state.rate_limit = allowance.headers
        require_scope(caller, self.scope)
        return caller


def _credential(request: Request) -> str | None:
    key = request.headers.get(API_KEY)
    authorization = request.headers.get("Authorization")
    if key is not None and authorization is not None:
        raise BadRequest(f"send {API_KEY} or Authorization, not both")
    if authorization is None:
        return key
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


ProfileReader = Annotated[Caller, Depends(Allowed(Scope.PROFILE_READ))]
EngagementReader = Annotated[Caller, Depends(Allowed(Scope.ENGAGEMENT_READ))]
PublicationsReader = Annotated[Caller, Depends(Allowed(Scope.PUBLICATIONS_READ))]
CommissionsReader = Annotated[Caller, Depends(Allowed(Scope.COMMISSIONS_READ))]
Disputant = Annotated[Caller, Depends(Allowed(Scope.COMMISSIONS_DISPUTE))]
