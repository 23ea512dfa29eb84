"""Routes over what publishers are owed and paid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard_api.commission_requests import PayoutParameters
from dashboard_api.dependencies import Bound, Caller, EntityId
from shared.commissions.booked_payouts import set_reference, void
from shared.commissions.payouts import pay
from shared.commissions.payouts_repository import Payouts
from shared.commissions.schemas import (
    Balances,
    PaymentReference,
    PayoutLines,
    PayoutRead,
    PayoutRequest,
    Statement,
    VoidRequest,
)
from shared.http.idempotency import IdempotentRoute, RequiredIdempotencyKey
from shared.http.newest import newest_page, position_of
from shared.http.openapi import LOCATED
from shared.http.pagination import Page, PageParameters
from shared.http.problems import responses
from shared.http.statements import StatementParameters, payout_lines, read_balances, read_statement
from shared.publishers.versioned_repository import PUBLISHERS

router = APIRouter(tags=["Payouts"], route_class=IdempotentRoute)


@router.get("/api/payouts", summary="List payouts", responses=responses(400))
async def list_payouts(
    bindings: Bound, asked: Annotated[PayoutParameters, Query()]
) -> Page[PayoutRead]:
    """Newest first."""
    async with bindings.databases.open() as db:
        found = await Payouts(db).newest(
            publisher_id=asked.publisher_id,
            currency=asked.currency,
            status=asked.status,
            has_reference=asked.has_reference,
            before=position_of(asked.cursor),
            limit=asked.limit + 1,
        )
    return newest_page(found, asked.limit)


@router.post(
    "/api/payouts",
    status_code=201,
    summary="Book a payout",
    responses={**responses(400, 409, 415, 422), 201: LOCATED},
)
async def record_payout(
    bindings: Bound,
    caller: Caller,
    asked: PayoutRequest,
    response: Response,
    idempotency_key: RequiredIdempotencyKey,
) -> PayoutRead:
    """Of all that is approved in the currency, with a numbered invoice; 409 if nothing is.

    Book first and transfer its amount then: a refund that comes in between reduces the next one.
    A publisher that is not active is not paid: 409.
    """
    async with bindings.databases.open() as db:
        paid = await pay(db, asked, key=idempotency_key, by=caller, at=bindings.clock.now())
    response.headers["Location"] = f"/api/payouts/{paid.id}"
    return paid


@router.get(
    "/api/payouts/{payout_id}",
    summary="Read a payout with its invoice",
    responses=responses(400, 404),
)
async def read_payout(
    bindings: Bound, payout_id: EntityId, page: Annotated[PageParameters, Query()]
) -> PayoutLines:
    """The lines come in pages."""
    async with bindings.databases.open() as db:
        return await payout_lines(db, payout_id, page)


@router.post(
    "/api/payouts/{payout_id}/void",
    summary="Take a payout back",
    responses=responses(400, 404, 409, 415, 422),
)
async def void_payout(
    bindings: Bound,
    caller: Caller,
    payout_id: EntityId,
    asked: VoidRequest,
    idempotency_key: RequiredIdempotencyKey,
) -> PayoutRead:
    """Its transfer bounced or was never made: what it paid can be paid again; 409 if it is void."""
    now = bindings.clock.now()
    async with bindings.databases.open() as db:
        return await void(db, payout_id, asked, key=idempotency_key, by=caller, at=now)


@router.put(
    "/api/payouts/{payout_id}/payment-reference",
    summary="Set or correct a payout's payment reference",
    responses=responses(400, 404, 409, 415, 422),
)
async def set_payment_reference(
    bindings: Bound, caller: Caller, payout_id: EntityId, asked: PaymentReference
) -> PayoutRead:
    """What the bank calls the transfer; 409 if the payout is void."""
    async with bindings.databases.open() as db:
        return await set_reference(db, payout_id, asked, by=caller, at=bindings.clock.now())


@router.get(
    "/api/publishers/{publisher_id}/balance",
    summary="Read what a publisher is owed",
    responses=responses(400, 404),
)
async def read_balance(
    bindings: Bound, publisher_id: EntityId, page: Annotated[PageParameters, Query()]
) -> Balances:
    """By currency: pending, due, approved and paid."""
    async with bindings.databases.open() as db:
        return await read_balances(db, publisher_id, page, now=bindings.clock.now())


@router.get(
    "/api/publishers/{publisher_id}/statement",
    summary="Read a publisher's statement",
    responses=responses(400, 404),
)
async def read_publisher_statement(
    bindings: Bound, publisher_id: EntityId, asked: Annotated[StatementParameters, Query()]
) -> Statement:
    """Every movement of the period, with what was owed before and after it."""
    async with bindings.databases.open() as db:
        await PUBLISHERS.get(db, publisher_id)
        return await read_statement(db, publisher_id, asked, now=bindings.clock.now())
