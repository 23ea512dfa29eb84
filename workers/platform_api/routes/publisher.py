"""Routes that a publisher reads with its key or token: itself, and what it publishes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from platform_api.dependencies import Bound, ProfileReader, PublicationsReader
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.publishers.own import own_profile, own_publication, own_publications
from shared.publishers.schemas import OwnProfile, OwnPublication, OwnPublicationItems

router = APIRouter(prefix="/v1/publisher", tags=["Publisher"])

_SIGNED: Final[dict[str, Any]] = {"security": [{"key": []}, {"token": []}]}
_REFUSED: Final = (400, 403, 429)


@router.get(
    "",
    summary="Read one's own profile",
    responses=responses(*_REFUSED, 404),
    openapi_extra=_SIGNED,
)
async def read_own_profile(bindings: Bound, caller: ProfileReader) -> OwnProfile:
    """Needs the scope `profile:read`."""
    async with bindings.databases.open() as db:
        return await own_profile(db, caller)


@router.get(
    "/publications",
    summary="List one's own publications",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def list_own_publications(
    bindings: Bound, caller: PublicationsReader, page: Annotated[PageParameters, Query()]
) -> Page[OwnPublication]:
    """In every state, newest first. Needs the scope `publications:read`."""
    before = position_of(page.cursor)
    async with bindings.databases.open() as db:
        found = await own_publications(db, caller, before=before, limit=page.limit + 1)
    return newest_page(found, page.limit)


@router.get(
    "/publications/{publication_id}",
    summary="Read one of one's own publications",
    responses=responses(*_REFUSED, 404),
    openapi_extra=_SIGNED,
)
async def read_own_publication(
    bindings: Bound,
    caller: PublicationsReader,
    publication_id: Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")],
) -> OwnPublicationItems:
    """With its items. Needs the scope `publications:read`."""
    async with bindings.databases.open() as db:
        return await own_publication(db, caller, publication_id)
