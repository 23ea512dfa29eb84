"""Routes over publications and their items."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, Caller
from dashboard_api.pages import page_of
from dashboard_api.publisher_requests import (
    Id,
    IfMatch,
    ItemsRequest,
    PublicationParameters,
    PublicationRead,
    items_after,
)
from shared.http.conditional import etag, require_match
from shared.http.newest import newest_page, position_of
from shared.http.openapi import CREATED, VERSIONED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.publishers.models import Publication, PublicationContent, PublicationItem
from shared.publishers.publishing import change_items, change_publication, create_publication
from shared.publishers.repository import Publishing
from shared.publishers.versioned_repository import PUBLICATIONS

router = APIRouter(tags=["Publications"])


@router.get("/api/publications", summary="List publications", responses=responses(400))
async def list_publications(
    bindings: Bound, asked: Annotated[PublicationParameters, Query()]
) -> Page[Publication]:
    """Newest first, of one publisher or of all."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        found = await PUBLICATIONS.newest(
            db, owner_id=asked.publisher_id, status=asked.status, before=before, limit=limit
        )
    return newest_page(found, asked.limit)


@router.post(
    "/api/publishers/{publisher_id}/publications",
    status_code=201,
    summary="Create a publication",
    responses={**responses(400, 404, 415, 422), 201: CREATED},
)
async def add_publication(
    *,
    bindings: Bound,
    caller: Caller,
    publisher_id: Id,
    content: PublicationContent,
    response: Response,
) -> Publication:
    """Belongs to the publisher for good; shows nothing until it has items."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        kept = await create_publication(db, publisher_id, content, by=caller, at=now)
    response.headers["ETag"] = etag(kept.version)
    response.headers["Location"] = f"/api/publications/{kept.id}"
    return kept


@router.get(
    "/api/publications/{publication_id}",
    summary="Read a publication",
    responses={**responses(400, 404), 200: VERSIONED},
)
async def read_publication(
    bindings: Bound, publication_id: Id, response: Response
) -> PublicationRead:
    """With its items; its version is the ETag of both."""
    async with bindings.databases.open() as db:
        kept = await PUBLICATIONS.get(db, publication_id)
        items = await Publishing(db).items(publication_id)
    response.headers["ETag"] = etag(kept.version)
    return PublicationRead.of(kept, items)


@router.put(
    "/api/publications/{publication_id}",
    summary="Change a publication",
    responses={**responses(400, 404, 412, 415, 422, 428), 200: VERSIONED},
)
async def replace_publication(
    *,
    bindings: Bound,
    caller: Caller,
    publication_id: Id,
    content: PublicationContent,
    response: Response,
    if_match: IfMatch = None,
) -> Publication:
    """Needs `If-Match`. Readers of the public API may see the old state for two minutes."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        read = await PUBLICATIONS.get(db, publication_id)
        require_match(if_match, etag(read.version))
        kept = await change_publication(db, read, content, by=caller, at=now)
    response.headers["ETag"] = etag(kept.version)
    return kept


@router.get(
    "/api/publications/{publication_id}/items",
    summary="List a publication's items",
    responses=responses(400, 404),
)
async def list_items(
    bindings: Bound, publication_id: Id, page: Annotated[PageParameters, Query()]
) -> Page[PublicationItem]:
    """In their order, as the publication shows them."""
    after = items_after(page.cursor)
    async with bindings.databases.open() as db:
        await PUBLICATIONS.get(db, publication_id)
        found = await Publishing(db).items(publication_id, after=after, limit=page.limit + 1)
    return page_of(found, page.limit, lambda item: {"after": item.position})


@router.put(
    "/api/publications/{publication_id}/items",
    summary="Replace a publication's items",
    responses={**responses(400, 404, 412, 415, 422, 428), 200: VERSIONED},
)
async def replace_items(
    *,
    bindings: Bound,
    caller: Caller,
    publication_id: Id,
    asked: ItemsRequest,
    response: Response,
    if_match: IfMatch = None,
) -> PublicationRead:
    """Needs `If-Match`. A product that leaves and comes back is the same item."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        read = await PUBLICATIONS.get(db, publication_id)
        require_match(if_match, etag(read.version))
        kept, items = await change_items(db, read, asked.items, by=caller, at=now)
    response.headers["ETag"] = etag(kept.version)
    return PublicationRead.of(kept, items)
