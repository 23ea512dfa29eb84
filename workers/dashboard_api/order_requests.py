"""What the order routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from dashboard_api.pages import page_of, position_of
from shared.clock import IsoDate, format_instant, parse_instant
from shared.http.pagination import Page, PageParameters, bad_cursor
from shared.orders.lookup import lookup_orders, unknown_keys
from shared.orders.schemas import LOOKUP_PAGE_MAX, OrderKeys, OrderRead
from shared.ports import Database


class OrderLookup(OrderKeys):
    """Which orders are looked up, and which page of them."""

    limit: Annotated[int, Field(ge=1, le=LOOKUP_PAGE_MAX)] = LOOKUP_PAGE_MAX
    cursor: Annotated[str | None, Field(max_length=2_000)] = None


class OrdersFound(Page[OrderRead]):
    """One page of the orders that were found."""

    unknown: list[str] = Field(description="The keys that name no order.")


class DayParameters(PageParameters):
    """The query parameters of a list of days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: Annotated[IsoDate | None, Field(alias="from", description="The first day.")] = None
    until: Annotated[IsoDate | None, Field(alias="to", description="The last day.")] = None


async def found_orders(db: Database, asked: OrderLookup) -> OrdersFound:
    """Return a page of the orders that the keys name."""
    before = _place(position_of(asked.cursor, "at", "id"))
    found = await lookup_orders(db, asked, before=before, limit=asked.limit + 1)
    page = page_of(found, asked.limit, _position)
    unknown = await unknown_keys(db, asked)
    return OrdersFound(items=page.items, next_cursor=page.next_cursor, unknown=unknown)


def _position(order: OrderRead) -> dict[str, str]:
    return {"at": format_instant(order.created_at), "id": order.id}


def _place(position: tuple[str, ...] | None) -> tuple[datetime, str] | None:
    try:
        return None if position is None else (parse_instant(position[0]), position[1])
    except ValueError:
        raise bad_cursor() from None
