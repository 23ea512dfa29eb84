"""Routes over the API keys and OAuth clients of publishers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.dependencies import Bound, Caller
from dashboard_api.publisher_requests import Id
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.publishers.access import (
    clients_of,
    issue_client,
    issue_key,
    keys_of,
    revoke_client,
    revoke_key,
)
from shared.publishers.access_models import (
    ApiKey,
    ClientRequest,
    IssuedClient,
    IssuedKey,
    KeyRequest,
    OAuthClient,
)

router = APIRouter(prefix="/api/publishers/{publisher_id}", tags=["Publisher access"])


@router.get("/api-keys", summary="List a publisher's API keys", responses=responses(400, 404))
async def list_keys(
    bindings: Bound, publisher_id: Id, page: Annotated[PageParameters, Query()]
) -> Page[ApiKey]:
    """Newest first, revoked and expired ones too, never a secret."""
    before = position_of(page.cursor)
    async with bindings.databases.open() as db:
        found = await keys_of(db, publisher_id, before=before, limit=page.limit + 1)
    return newest_page(found, page.limit)


@router.post(
    "/api-keys",
    status_code=201,
    summary="Issue an API key",
    responses=responses(400, 404, 415, 422),
)
async def create_key(
    bindings: Bound, caller: Caller, publisher_id: Id, asked: KeyRequest
) -> IssuedKey:
    """The answer is the only place where the key itself ever stands."""
    async with bindings.databases.open() as db:
        return await issue_key(db, publisher_id, asked, by=caller, at=bindings.clock.now())


@router.delete("/api-keys/{key_id}", summary="Revoke an API key", responses=responses(400, 404))
async def remove_key(bindings: Bound, caller: Caller, publisher_id: Id, key_id: Id) -> ApiKey:
    """At once and for good; the record of it stays."""
    async with bindings.databases.open() as db:
        return await revoke_key(db, publisher_id, key_id, by=caller, at=bindings.clock.now())


@router.get(
    "/oauth-clients", summary="List a publisher's OAuth clients", responses=responses(400, 404)
)
async def list_clients(
    bindings: Bound, publisher_id: Id, page: Annotated[PageParameters, Query()]
) -> Page[OAuthClient]:
    """Newest first, revoked ones too, never a secret."""
    before = position_of(page.cursor)
    async with bindings.databases.open() as db:
        found = await clients_of(db, publisher_id, before=before, limit=page.limit + 1)
    return newest_page(found, page.limit)


@router.post(
    "/oauth-clients",
    status_code=201,
    summary="Make an OAuth client",
    responses=responses(400, 404, 415, 422),
)
async def create_client(
    bindings: Bound, caller: Caller, publisher_id: Id, asked: ClientRequest
) -> IssuedClient:
    """The answer is the only place where its secret ever stands."""
    async with bindings.databases.open() as db:
        return await issue_client(db, publisher_id, asked, by=caller, at=bindings.clock.now())


@router.delete(
    "/oauth-clients/{client_id}", summary="Revoke an OAuth client", responses=responses(400, 404)
)
async def remove_client(
    bindings: Bound, caller: Caller, publisher_id: Id, client_id: Id
) -> OAuthClient:
    """With it every token that it was given, at once."""
    async with bindings.databases.open() as db:
        return await revoke_client(db, publisher_id, client_id, by=caller, at=bindings.clock.now())
