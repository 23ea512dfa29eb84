"""Routes over commissions: seen, explained, approved, disputed and resolved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.commission_requests import CommissionParameters
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.commissions.reading import explained
from shared.commissions.reading_repository import CommissionReads
from shared.commissions.review import Objector, approve, dispute, resolve
from shared.commissions.schemas import (
    Approval,
    ApprovalRequest,
    CommissionExplained,
    CommissionRead,
    DisputeRead,
    DisputeRequest,
    ResolutionRequest,
)
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page
from shared.http.problems import responses

router = APIRouter(prefix="/api/commissions", tags=["Commissions"])


@router.get("", summary="List commissions", responses=responses(400))
async def list_commissions(
    bindings: Bound, asked: Annotated[CommissionParameters, Query()]
) -> Page[CommissionRead]:
    """Newest first; amounts are in minor units of their currency."""
    async with bindings.databases.open() as db:
        found = await CommissionReads(db).newest(
            publisher_id=asked.publisher_id,
            status=asked.status,
            currency=asked.currency,
            order_id=asked.order_id,
            before=position_of(asked.cursor),
            limit=asked.limit + 1,
        )
    return newest_page(found, asked.limit)


@router.post(
    "/approve", summary="Approve commissions", responses=responses(400, 404, 409, 415, 422)
)
async def approve_commissions(bindings: Bound, caller: Caller, asked: ApprovalRequest) -> Approval:
    """All of them or none: 409 names those that are held, disputed or reversed.

    And those of a publisher that is not active, of which nothing that is due is approved either.
    """
    async with bindings.databases.open() as db:
        return await approve(db, asked, by=caller, at=bindings.clock.now())


@router.get("/{commission_id}", summary="Explain a commission", responses=responses(400, 404))
async def explain_commission(bindings: Bound, commission_id: EntityId) -> CommissionExplained:
    """Why the order is attributed, each fact that counts, and every movement it led to."""
    async with bindings.databases.open() as db:
        return await explained(db, commission_id)


@router.post(
    "/{commission_id}/dispute",
    status_code=201,
    summary="Dispute a commission",
    responses=responses(400, 404, 409, 415, 422),
)
async def dispute_commission(
    bindings: Bound, caller: Caller, commission_id: EntityId, asked: DisputeRequest
) -> DisputeRead:
    """It is neither approved nor paid until the dispute is resolved."""
    by, now = Objector("staff", caller.name), bindings.clock.now()
    async with bindings.databases.open() as db:
        return await dispute(db, commission_id, asked.reason, by=by, at=now)


@router.post(
    "/{commission_id}/resolve",
    summary="Resolve a dispute",
    responses=responses(400, 404, 409, 415, 422),
)
async def resolve_dispute(
    bindings: Bound, caller: Caller, commission_id: EntityId, asked: ResolutionRequest
) -> DisputeRead:
    """`reversed` takes the commission back for good, `kept` lets it be approved."""
    async with bindings.databases.open() as db:
        return await resolve(db, commission_id, asked, by=caller, at=bindings.clock.now())
