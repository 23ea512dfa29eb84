"""Routes over the discount codes that stand for publishers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.commission_requests import CodeParameters
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.commissions.codes import assign_code, end_code
from shared.commissions.codes_repository import CodeAssignments
from shared.commissions.schemas import CodeAssigned, CodeContent
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page
from shared.http.problems import responses

router = APIRouter(prefix="/api/discount-codes", tags=["Discount codes"])


@router.get("", summary="List discount codes of publishers", responses=responses(400))
async def list_codes(
    bindings: Bound, asked: Annotated[CodeParameters, Query()]
) -> Page[CodeAssigned]:
    """Newest first, those that have ended too."""
    async with bindings.databases.open() as db:
        found = await CodeAssignments(db).newest(
            publisher_id=asked.publisher_id,
            before=position_of(asked.cursor),
            limit=asked.limit + 1,
        )
    return newest_page(found, asked.limit)


@router.post(
    "",
    status_code=201,
    summary="Let a discount code stand for a publisher",
    responses=responses(400, 409, 415, 422),
)
async def create_code(bindings: Bound, caller: Caller, content: CodeContent) -> CodeAssigned:
    """Orders from now on that use it, and that no click led to, are the publisher's."""
    async with bindings.databases.open() as db:
        return await assign_code(db, content, by=caller, at=bindings.clock.now())


@router.delete(
    "/{assignment_id}",
    summary="End the assignment of a discount code",
    responses=responses(400, 404),
)
async def remove_code(bindings: Bound, caller: Caller, assignment_id: EntityId) -> CodeAssigned:
    """Orders from now on are no longer the publisher's; those before stay."""
    async with bindings.databases.open() as db:
        return await end_code(db, assignment_id, by=caller, at=bindings.clock.now())
