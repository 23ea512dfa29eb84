"""Routes over tag groups, and over which tags are in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.dependencies import Bound, Caller, EntityId, IfMatch
from dashboard_api.pages import page_of, position_of
from shared.http.conditional import etag, require_match
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.tags.classification import classify_tags, unclassified_tags
from shared.tags.groups import (
    add_tag_group,
    change_tag_group,
    get_tag_group,
    list_tag_groups,
    remove_tag_group,
)
from shared.tags.schemas import (
    TagClassification,
    TagGroup,
    TagGroupDraft,
    TagsClassified,
    UnclassifiedTag,
)

router = APIRouter(tags=["Tags"])
_PAGE = Annotated[PageParameters, Query()]


@router.get("/api/tag-groups", summary="List tag groups", responses=responses(400))
async def list_groups(bindings: Bound, page: _PAGE) -> Page[TagGroup]:
    """Groups by name, with how many tags each has."""
    (after,) = position_of(page.cursor, "after") or ("",)
    async with bindings.databases.open() as db:
        groups = await list_tag_groups(db, after=after, limit=page.limit + 1)
    return page_of(groups, page.limit, lambda last: {"after": last.name})


@router.post(
    "/api/tag-groups",
    status_code=201,
    summary="Add a tag group",
    responses=responses(400, 409, 415, 422),
)
async def add_group(
    bindings: Bound, caller: Caller, draft: TagGroupDraft, response: Response
) -> TagGroup:
    """Names are unique in any case."""
    async with bindings.databases.open() as db:
        group = await add_tag_group(db, draft, at=bindings.clock.now(), by=caller.name)
    response.headers["ETag"] = etag(group.version)
    response.headers["Location"] = f"/api/tag-groups/{group.id}"
    return group


@router.get("/api/tag-groups/{group_id}", summary="Read a tag group", responses=responses(400, 404))
async def read_group(bindings: Bound, group_id: EntityId, response: Response) -> TagGroup:
    """Its version is the ETag that a change or removal names."""
    async with bindings.databases.open() as db:
        group = await get_tag_group(db, group_id)
    response.headers["ETag"] = etag(group.version)
    return group


@router.put(
    "/api/tag-groups/{group_id}",
    summary="Change a tag group",
    responses=responses(400, 404, 409, 412, 415, 422, 428),
)
async def change_group(
    *,
    bindings: Bound,
    caller: Caller,
    group_id: EntityId,
    draft: TagGroupDraft,
    response: Response,
    if_match: IfMatch = None,
) -> TagGroup:
    """Replaces name and description. Needs `If-Match` with the ETag that was read."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        version = (await get_tag_group(db, group_id)).version
        require_match(if_match, etag(version))
        group = await change_tag_group(db, group_id, draft, expected_version=version, at=at, by=by)
    response.headers["ETag"] = etag(group.version)
    return group


@router.delete(
    "/api/tag-groups/{group_id}",
    status_code=204,
    summary="Remove a tag group",
    responses=responses(400, 404, 412, 428),
)
async def remove_group(
    bindings: Bound, caller: Caller, group_id: EntityId, if_match: IfMatch = None
) -> None:
    """Its tags are unclassified from then on. Needs `If-Match` with the ETag that was read."""
    at, by = bindings.clock.now(), caller.name
    async with bindings.databases.open() as db:
        version = (await get_tag_group(db, group_id)).version
        require_match(if_match, etag(version))
        await remove_tag_group(db, group_id, expected_version=version, at=at, by=by)


@router.post(
    "/api/tag-classifications/bulk",
    summary="Sort tags into groups",
    responses=responses(400, 415, 422),
)
async def classify(bindings: Bound, caller: Caller, asked: TagClassification) -> TagsClassified:
    """All of it or nothing; measured products show it after the next refresh."""
    async with bindings.databases.open() as db:
        return await classify_tags(db, asked.assignments, at=bindings.clock.now(), by=caller.name)


@router.get(
    "/api/tag-classifications/unclassified",
    summary="List the tags in no group",
    responses=responses(400),
)
async def list_unclassified(bindings: Bound, page: _PAGE) -> Page[UnclassifiedTag]:
    """Tags by name, with how many products carry each."""
    position = position_of(page.cursor, "name", "id")
    after = None if position is None else (position[0], position[1])
    async with bindings.databases.open() as db:
        tags = await unclassified_tags(db, after=after, limit=page.limit + 1)
    return page_of(tags, page.limit, lambda last: {"name": last.name, "id": last.id})
