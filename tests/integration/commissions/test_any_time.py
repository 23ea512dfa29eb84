"""An order is attributed by what was so when it was placed, whenever that is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.orders.models import OrderParts
from tests.fixtures.commissions import AT, Books, Partner, capture, click_of, known, referred

DAY = timedelta(days=1)
ENDS, GOES_ON = AT + DAY, AT + 3 * DAY
PLACED = {1: AT, 2: ENDS, 3: AT + 2 * DAY, 4: GOES_ON}
"""Before the end, at it, after it, and once all goes on."""
EARNING = [1, 4]

Change = Callable[[Books, Partner, str, datetime], Awaitable[None]]


async def _program(books: Books, partner: Partner, status: str, at: datetime) -> None:
    await books.program_is(partner, "active" if status == "active" else "ended", at)


async def _publisher(books: Books, partner: Partner, status: str, at: datetime) -> None:
    await books.publisher_is(partner, "active" if status == "active" else "suspended", at)


def order_of(partner: Partner, number: int) -> OrderParts:
    at = PLACED[number]
    click = click_of(partner, at=at)
    return referred(number, click, capture(number, f"{number}0.00", number, at=at), processed_at=at)


async def earned(books: Books) -> list[tuple[Any, ...]]:
    await books.check()
    return known(await books.commissions(), "captured_minor", "amount_minor")


@pytest.fixture(params=[_program, _publisher], ids=["program", "publisher"])
def change(request: pytest.FixtureRequest) -> Change:
    found: Change = request.param
    return found


@pytest.mark.parametrize("number", PLACED)
async def test_an_order_earns_the_same_whenever_it_is_settled(
    books: Books, change: Change, number: int
) -> None:
    """Before the end where it can be, after it, and after all goes on, by the same rows."""
    partner = await books.partner()
    wanted = [(number * 1000, number * 100)] if number in EARNING else []
    found = {}
    books.clock.at = PLACED[number]
    if number == 1:
        await books.settle(order_of(partner, number))
        found["before"] = await earned(books)
        await books.forget()
    await change(books, partner, "over", ENDS)
    books.clock.at = AT + 2.5 * DAY
    if number != 4:
        await books.settle(order_of(partner, number))
        found["after"] = await earned(books)
        await books.forget()
    await change(books, partner, "active", GOES_ON)
    books.clock.at = AT + 9 * DAY
    await books.settle(order_of(partner, number))
    found["at last"] = await earned(books)
    assert found == dict.fromkeys(found, wanted)


async def test_what_was_settled_stays_and_what_was_not_is_not_made_up_for(
    books: Books, change: Change
) -> None:
    partner = await books.partner()
    await books.settle(order_of(partner, 1))
    await change(books, partner, "over", ENDS)
    await books.settle(order_of(partner, 2), order_of(partner, 3))
    await change(books, partner, "active", GOES_ON)
    every = [order_of(partner, number) for number in PLACED]
    await books.settle(*every)
    wanted = [(1000, 100), (4000, 400)]
    assert await earned(books) == wanted
    await books.forget()
    await books.settle(*reversed(every))
    assert await earned(books) == wanted


async def test_a_period_begins_and_ends_with_the_status_and_with_nothing_else(
    books: Books, change: Change
) -> None:
    partner = await books.partner()
    for status, days in (("active", 1), ("over", 2), ("over", 3), ("active", 4), ("active", 5)):
        await change(books, partner, status, AT + days * DAY)
    rows = await books.rows(
        "SELECT began_at, ended_at FROM active_period WHERE owner_id = ANY($1::text[])"
        " ORDER BY began_at, ended_at",
        [partner.program_id, partner.publisher_id],
    )
    began = AT - 365 * DAY
    assert [tuple(row.values()) for row in rows] == [
        (began, AT + 2 * DAY), (began, None), (AT + 4 * DAY, None),
    ]  # fmt: skip
