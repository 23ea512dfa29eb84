"""Routes where a publisher reads what it has earned, and objects to it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from platform_api.dependencies import Bound, CommissionsReader, Disputant
from shared.commissions.models import CommissionStatus
from shared.commissions.own import (
    own_commission,
    own_commissions,
    own_lines,
    own_payouts,
    raise_dispute,
)
from shared.commissions.own_schemas import (
    OwnCommission,
    OwnCommissionExplained,
    OwnDispute,
    OwnPayout,
    OwnPayoutLines,
)
from shared.commissions.schemas import Balances, Currency, DisputeRequest, Statement
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.http.statements import StatementParameters, payout_lines, read_balances, read_statement

router = APIRouter(prefix="/v1/publisher", tags=["Publisher's money"])

Id = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
_SIGNED: Final[dict[str, Any]] = {"security": [{"key": []}, {"token": []}]}
_REFUSED: Final = (400, 403, 429)


class CommissionParameters(PageParameters):
    """The query parameters of the list of commissions."""

    status: CommissionStatus | None = None
    currency: Currency | None = None


@router.get(
    "/commissions",
    summary="List one's own commissions",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def list_own_commissions(
    bindings: Bound, caller: CommissionsReader, asked: Annotated[CommissionParameters, Query()]
) -> Page[OwnCommission]:
    """Newest first; amounts are in minor units. Needs the scope `commissions:read`."""
    before, limit = position_of(asked.cursor), asked.limit + 1
    async with bindings.databases.open() as db:
        found = await own_commissions(
            db, caller, status=asked.status, currency=asked.currency, before=before, limit=limit
        )
    return newest_page(found, asked.limit)


@router.get(
    "/commissions/{commission_id}",
    summary="Explain one of one's own commissions",
    responses=responses(*_REFUSED, 404),
    openapi_extra=_SIGNED,
)
async def read_own_commission(
    bindings: Bound, caller: CommissionsReader, commission_id: Id
) -> OwnCommissionExplained:
    """Why the order counts, and each fact with what it adds. Needs `commissions:read`."""
    async with bindings.databases.open() as db:
        return await own_commission(db, caller, commission_id)


@router.post(
    "/commissions/{commission_id}/dispute",
    status_code=201,
    summary="Dispute one of one's own commissions",
    responses=responses(*_REFUSED, 404, 409, 413, 415, 422),
    openapi_extra=_SIGNED,
)
async def dispute_own_commission(
    bindings: Bound, caller: Disputant, commission_id: Id, asked: DisputeRequest
) -> OwnDispute:
    """It waits until staff has resolved it. Needs the scope `commissions:dispute`."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        return await raise_dispute(db, caller, commission_id, asked.reason, at=now)


@router.get(
    "/balance",
    summary="Read what one is owed",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def read_own_balance(
    bindings: Bound, caller: CommissionsReader, page: Annotated[PageParameters, Query()]
) -> Balances:
    """By currency: pending, due, approved and paid. Needs `commissions:read`."""
    async with bindings.databases.open() as db:
        return await read_balances(db, caller.publisher_id, page, now=bindings.clock.now())


@router.get(
    "/statement",
    summary="Read one's own statement",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def read_own_statement(
    bindings: Bound, caller: CommissionsReader, asked: Annotated[StatementParameters, Query()]
) -> Statement:
    """Every movement of the period between two balances. Needs `commissions:read`."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        return await read_statement(db, caller.publisher_id, asked, now=now)


@router.get(
    "/payouts",
    summary="List one's own payouts",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def list_own_payouts(
    bindings: Bound, caller: CommissionsReader, page: Annotated[PageParameters, Query()]
) -> Page[OwnPayout]:
    """Newest first. Needs the scope `commissions:read`."""
    before = position_of(page.cursor)
    async with bindings.databases.open() as db:
        found = await own_payouts(db, caller, before=before, limit=page.limit + 1)
    return newest_page(found, page.limit)


@router.get(
    "/payouts/{payout_id}",
    summary="Read one of one's own payouts with its invoice",
    responses=responses(*_REFUSED, 404),
    openapi_extra=_SIGNED,
)
async def read_own_payout(
    bindings: Bound,
    caller: CommissionsReader,
    payout_id: Id,
    page: Annotated[PageParameters, Query()],
) -> OwnPayoutLines:
    """The lines come in pages. Needs the scope `commissions:read`."""
    async with bindings.databases.open() as db:
        return own_lines(await payout_lines(db, payout_id, page, publisher_id=caller.publisher_id))
