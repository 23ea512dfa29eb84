"""Cut off after any statement and done again, the books are as if nothing had happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.commissions.booked_payouts import PayoutVoid
from shared.ids import derived_id
from shared.orders.models import OrderParts
from tests.fixtures import orders as make
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import (
    AT,
    Books,
    capture,
    click_of,
    commission_id,
    referred,
    refund,
)
from tests.fixtures.cuts import Cut, CutDatabases, Cuts, CutStream

Facts = list[tuple[Any, ...]]


def states_of(number: int, click: str) -> list[OrderParts]:
    """Return what becomes of an order: captured, captured again and refunded, corrected."""
    one, two = capture(2 * number, "59.99", number), capture(2 * number + 1, "10.00", number)
    back = refund(number, "20.00", number)
    dearer = back._replace(presentment_total_refunded=back.presentment_total_refunded * 2)
    return [
        referred(number, click, one),
        referred(number, click, one, two, back),
        referred(number, click, one, two, dearer),
    ]


async def settle(books: Books, cuts: Cuts | None = None) -> None:
    """Stream and settle what the last delivery wrote, or what the cut lets through of it."""
    cuts = cuts or Cuts()
    settling = replace(
        books,
        databases=CutDatabases(books.databases, cuts),
        publication=CutStream(books.publication, cuts),
    )
    with suppress(Cut):
        await settling.stream()


async def ledger_of(books: Books, number: int) -> Facts:
    """Return the movements of an order's commissions."""
    rows = await books.rows(
        "SELECT t.kind, t.fact_kind, t.fact_minor, t.amount_minor, c.captured_minor,"
        " c.amount_minor AS left, c.status, v.kind AS why FROM ledger_transaction t"
        " JOIN commission c ON c.id = t.commission_id JOIN conversion v ON v.id = c.conversion_id"
        " WHERE c.order_id = $1 ORDER BY c.captured_minor, t.occurred_at, t.kind",
        make.order_id(number),
    )
    return [tuple(row.values()) for row in rows]


async def points_of(act: Callable[[Cuts], Awaitable[object]]) -> int:
    """Return how many points work passes that nothing cuts off."""
    cuts = Cuts()
    await act(cuts)
    return cuts.passed


async def test_a_settlement_that_is_cut_off_anywhere_ends_the_same(books: Books) -> None:
    partner = await books.partner()
    click = click_of(partner)
    points = []
    for state in states_of(1, click):
        await books.write(state)
        points.append(await points_of(lambda cuts: settle(books, cuts)))
    undisturbed = await ledger_of(books, 1)
    assert [kind for kind, *_ in undisturbed].count("correction") == 2
    assert min(points) >= 10
    for at in range(1, max(points) + 1):
        number, cut = 1 + at, 0
        for state in states_of(number, click):
            await books.write(state)
            cuts = Cuts(at)
            await settle(books, cuts)
            cut += cuts.passed == at
            await settle(books)
        assert cut, at
        assert await ledger_of(books, number) == undisturbed, at
    streamed = {event["event_id"] for event in books.publication.events}
    assert streamed == {
        derived_id("evt", "conversion", make.order_id(number))
        for number in range(1, max(points) + 2)
    }
    pending = "SELECT id FROM order_header WHERE stream_pending_version IS NOT NULL"
    assert await books.rows(pending) == []
    await books.check()


@pytest.fixture
async def desk(books: Books) -> Desk:
    """Staff before a publisher at 10 %, when every hold is over."""
    made = Desk(books, await books.partner())
    books.clock.at = AT + timedelta(days=20)
    return made


async def owed(desk: Desk, number: int) -> str:
    """Let an order earn 10.00 and return its commission."""
    paid = capture(number, "100.00", number)
    await desk.books.settle(referred(number, desk.click, paid))
    return commission_id(paid)


async def test_a_payout_that_is_cut_off_anywhere_pays_once(desk: Desk) -> None:
    books = desk.books

    async def approve_and_pay(cuts: Cuts, key: str) -> None:
        cut_off = Desk(replace(books, databases=CutDatabases(books.databases, cuts)), desk.partner)
        with suppress(Cut):
            await cut_off.approve()
            await cut_off.pay(key=key)

    await owed(desk, 1)
    points = await points_of(lambda cuts: approve_and_pay(cuts, "undisturbed"))
    assert points > 15
    for at in range(1, points + 1):
        commission = await owed(desk, 1 + at)
        await approve_and_pay(Cuts(at), f"key-{at}")
        await desk.approve()
        paid = await desk.pay(key=f"key-{at}")
        assert (paid.amount_minor, paid.invoice_number) == (1000, 1 + at)
        lines = "SELECT commission_id FROM invoice_line WHERE invoice_id = $1"
        assert [row["commission_id"] for row in await books.rows(lines, paid.invoice_id)] == [
            commission
        ]
    assert await desk.owed() == {}
    assert await books.balances("merchant") == {
        ("commission_expense", "EUR"): -1000 * (points + 1),
        ("payout_clearing", "EUR"): 1000 * (points + 1),
    }


async def test_a_void_that_is_cut_off_anywhere_takes_back_once(desk: Desk) -> None:
    books = desk.books

    async def take_back(cuts: Cuts, payout_id: str, key: str) -> None:
        cut_off = Desk(replace(books, databases=CutDatabases(books.databases, cuts)), desk.partner)
        with suppress(Cut):
            await cut_off.void(payout_id, key=key)

    commission = await owed(desk, 1)
    await desk.approve()
    paid = await desk.pay()
    points = await points_of(lambda cuts: take_back(cuts, paid.id, "undisturbed"))
    assert points > 8
    for at in range(1, points + 1):
        paid = await desk.pay()
        await take_back(Cuts(at), paid.id, f"void-{at}")
        told = await desk.void(paid.id, key=f"void-{at}")  # its answer was lost, it is sent again
        assert (told.status, told.invoice_number) == ("void", 1 + at)
        with pytest.raises(PayoutVoid):
            await desk.void(paid.id)
        assert await desk.owed() == {("approved", "EUR"): 1000}
        assert await desk.status() == ["approved"]
    assert await books.balances("merchant") == {("commission_expense", "EUR"): -1000}
    movements = "SELECT kind FROM ledger_transaction WHERE kind = 'void'"
    assert len(await books.rows(movements)) == points + 1
    left = "SELECT id FROM commission WHERE paid_minor = 0 AND amount_minor = 1000"
    assert [row["id"] for row in await books.rows(left)] == [commission]
