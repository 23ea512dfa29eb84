"""Routes over publishers and their ad servers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, Caller
from dashboard_api.publisher_requests import (
    AdServerParameters,
    Id,
    IfMatch,
    PublisherParameters,
)
from shared.http.conditional import etag, require_match
from shared.http.newest import newest_page, position_of
from shared.http.openapi import CREATED, VERSIONED
from shared.http.pagination import Page
from shared.http.problems import responses
from shared.publishers.models import AdServer, AdServerContent, Publisher, PublisherContent
from shared.publishers.versioned_repository import AD_SERVERS, PUBLISHERS

router = APIRouter(tags=["Publishers"])


@router.get("/api/publishers", summary="List publishers", responses=responses(400))
async def list_publishers(
    bindings: Bound, asked: Annotated[PublisherParameters, Query()]
) -> Page[Publisher]:
    """Newest first."""
    before = position_of(asked.cursor)
    async with bindings.databases.open() as db:
        found = await PUBLISHERS.newest(
            db, status=asked.status, before=before, limit=asked.limit + 1
        )
    return newest_page(found, asked.limit)


@router.post(
    "/api/publishers",
    status_code=201,
    summary="Create a publisher",
    responses={**responses(400, 409, 415, 422), 201: CREATED},
)
async def create_publisher(
    bindings: Bound, caller: Caller, content: PublisherContent, response: Response
) -> Publisher:
    """Its status decides whether it is public and whether its keys work."""
    async with bindings.databases.open() as db:
        kept = await PUBLISHERS.add(db, content, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/publishers/{kept.id}"
    return kept


@router.get(
    "/api/publishers/{publisher_id}",
    summary="Read a publisher",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_publisher(bindings: Bound, publisher_id: Id, response: Response) -> Publisher:
    """Its version is the ETag."""
    async with bindings.databases.open() as db:
        kept = await PUBLISHERS.get(db, publisher_id)
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.put(
    "/api/publishers/{publisher_id}",
    summary="Change a publisher",
    responses={**responses(400, 404, 409, 412, 415, 422, 428), 200: VERSIONED},
)
async def change_publisher(
    *,
    bindings: Bound,
    caller: Caller,
    publisher_id: Id,
    content: PublisherContent,
    response: Response,
    if_match: IfMatch = None,
) -> Publisher:
    """Needs `If-Match`. A suspended publisher's keys and tokens stop at once.

    Its commissions still follow their orders, but are neither approved nor paid until it is active.
    """
    async with bindings.databases.open() as db:
        version = (await PUBLISHERS.get(db, publisher_id)).version
        require_match(if_match, etag(version))
        now, by = bindings.clock.now(), caller.name
        kept = await PUBLISHERS.update(
            db, publisher_id, content, expected_version=version, at=now, by=by
        )
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.get(
    "/api/publishers/{publisher_id}/ad-servers",
    summary="List a publisher's ad servers",
    responses=responses(400, 404),
)
async def list_ad_servers(
    bindings: Bound, publisher_id: Id, asked: Annotated[AdServerParameters, Query()]
) -> Page[AdServer]:
    """Newest first."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        await PUBLISHERS.get(db, publisher_id)
        found = await AD_SERVERS.newest(
            db, owner_id=publisher_id, status=asked.status, before=before, limit=limit
        )
    return newest_page(found, asked.limit)


@router.post(
    "/api/publishers/{publisher_id}/ad-servers",
    status_code=201,
    summary="Create an ad server",
    responses={**responses(400, 404, 409, 415, 422), 201: CREATED},
)
async def create_ad_server(
    bindings: Bound, caller: Caller, publisher_id: Id, content: AdServerContent, response: Response
) -> AdServer:
    """Belongs to the publisher for good."""
    now, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        await PUBLISHERS.get(db, publisher_id)
        kept = await AD_SERVERS.add(db, content, at=now, by=by, owner_id=publisher_id)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/ad-servers/{kept.id}"
    return kept


@router.get(
    "/api/ad-servers/{ad_server_id}",
    summary="Read an ad server",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_ad_server(bindings: Bound, ad_server_id: Id, response: Response) -> AdServer:
    """Its version is the ETag."""
    async with bindings.databases.open() as db:
        kept = await AD_SERVERS.get(db, ad_server_id)
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.put(
    "/api/ad-servers/{ad_server_id}",
    summary="Change an ad server",
    responses={**responses(400, 404, 409, 412, 415, 422, 428), 200: VERSIONED},
)
async def change_ad_server(
    *,
    bindings: Bound,
    caller: Caller,
    ad_server_id: Id,
    content: AdServerContent,
    response: Response,
    if_match: IfMatch = None,
) -> AdServer:
    """Needs `If-Match`."""
    async with bindings.databases.open() as db:
        version = (await AD_SERVERS.get(db, ad_server_id)).version
        require_match(if_match, etag(version))
        now, by = bindings.clock.now(), caller.name
        kept = await AD_SERVERS.update(
            db, ad_server_id, content, expected_version=version, at=now, by=by
        )
    response.headers["ETag"] = etag(kept.version)
    return kept
