"""Routes over orders and their fulfillment."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.dependencies import Bound
from dashboard_api.order_requests import (
    DayParameters,
    OrderLookup,
    OrdersFound,
    found_orders,
)
from dashboard_api.pages import page_of, position_of
from shared.errors import BadRequest
from shared.http.pagination import Page, bad_cursor
from shared.http.problems import responses
from shared.orders.lookup import fulfillment_days
from shared.orders.schemas import FulfillmentDay

router = APIRouter(tags=["Orders"])


@router.post("/api/orders/lookup", summary="Look orders up", responses=responses(400, 415, 422))
async def lookup(bindings: Bound, asked: OrderLookup) -> OrdersFound:
    """Whole orders, newest first, that any of the keys names; and the keys that name none."""
    async with bindings.databases.open() as db:
        return await found_orders(db, asked)


@router.get(
    "/api/fulfillment-daily-summary",
    summary="List the days' fulfillments",
    responses=responses(400),
)
async def list_fulfillment_days(
    bindings: Bound, asked: Annotated[DayParameters, Query()]
) -> Page[FulfillmentDay]:
    """Days of the shop's time zone on which a fulfillment was created, newest first."""
    if asked.since and asked.until and asked.since > asked.until:
        raise BadRequest("from must not be after to")
    before = _day(position_of(asked.cursor, "day"))
    async with bindings.databases.open() as db:
        days = await fulfillment_days(
            db, since=asked.since, until=asked.until, before=before, limit=asked.limit + 1
        )
    return page_of(days, asked.limit, lambda last: {"day": last.day.isoformat()})


def _day(position: tuple[str, ...] | None) -> date | None:
    try:
        return None if position is None else date.fromisoformat(position[0])
    except ValueError:
        raise bad_cursor() from None
