"""Routes over designers: whose tags are whose, and what that sold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from dashboard_api.dependencies import Bound, Caller
from dashboard_api.group_sales import DesignerPage, designer_page
from dashboard_api.order_requests import DayParameters
from dashboard_api.pages import page_of, position_of
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.tags.designers import (
    Designer,
    DesignerAssignment,
    assign_tags,
    list_designers,
    remove_designer,
    unassign_tags,
)
from shared.tags.schemas import ASSIGNMENTS_MAX, Name

router = APIRouter(prefix="/api/designers", tags=["Designers"])


class Assigned(BaseModel):
    """What an assignment changed."""

    assigned: int = Field(description="Tags that were not the designer's before.")


@router.get("", summary="List designers with their sales", responses=responses(400))
async def list_with_sales(
    bindings: Bound, asked: Annotated[DayParameters, Query()]
) -> DesignerPage:
    """Sales of the last 30 days, or of those named; attributed as of the last refresh."""
    return await designer_page(bindings, asked)


@router.get("/names", summary="List designers with their tags", responses=responses(400))
async def list_names(bindings: Bound, asked: Annotated[PageParameters, Query()]) -> Page[Designer]:
    """By name, without sales."""
    (after,) = position_of(asked.cursor, "after") or ("",)
    async with bindings.databases.open() as db:
        found = await list_designers(db, after=after, limit=asked.limit + 1)
    return page_of(found, asked.limit, lambda last: {"after": last.name})


@router.post(
    "/assign", summary="Assign tags to a designer", responses=responses(400, 409, 415, 422)
)
async def assign(bindings: Bound, caller: Caller, asked: DesignerAssignment) -> Assigned:
    """All or none; a tag is one designer's at a time. Sales follow with the next refresh."""
    async with bindings.databases.open() as db:
        at, by = bindings.clock.now(), caller.name
        return Assigned(assigned=await assign_tags(db, asked, at=at, by=by))


@router.delete(
    "/unassign", status_code=204, summary="Take tags from a designer", responses=responses(400, 404)
)
async def unassign(
    bindings: Bound,
    caller: Caller,
    designer: Annotated[Name, Query()],
    tag: Annotated[list[Name], Query(min_length=1, max_length=ASSIGNMENTS_MAX)],
) -> None:
    """All or none of the tags."""
    async with bindings.databases.open() as db:
        at, by = bindings.clock.now(), caller.name
        await unassign_tags(db, designer, tag, at=at, by=by)


@router.delete(
    "/{designer_name:path}",
    status_code=204,
    summary="Remove a designer",
    responses=responses(400, 404),
)
async def remove(bindings: Bound, caller: Caller, designer_name: Annotated[Name, Path()]) -> None:
    """Takes every tag from them."""
    async with bindings.databases.open() as db:
        at, by = bindings.clock.now(), caller.name
        await remove_designer(db, designer_name, at=at, by=by)
