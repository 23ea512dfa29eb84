"""Commissions are approved, disputed and paid once, and refunds after that are carried on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from shared.commissions.ledger import PublisherNotActive
from shared.commissions.payouts import (
    AnotherAmountOwed,
    NothingToPay,
    PayoutKeyReused,
)
from shared.commissions.reading import explained
from shared.commissions.review import (
    NotApprovable,
    NotDisputable,
    NotDisputed,
    Objector,
    approve,
)
from shared.commissions.schemas import (
    ApprovalRequest,
    PayoutRead,
)
from shared.errors import InvalidInput, NotFound
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import (
    AT,
    STAFF,
    Books,
    capture,
    commission_id,
    known,
    referred,
    refund,
)
from tests.fixtures.cuts import CutDatabases, Cuts


@pytest.fixture
async def desk(books: Books) -> Desk:
    """One order over 100.00 of a publisher at 10 %, whose hold is over."""
    made = Desk(books, await books.partner())
    await books.settle(referred(1, made.click, capture(1, "100.00")))
    books.clock.at = AT + timedelta(days=14)
    return made


ONE = commission_id(capture(1, "100.00"))


async def test_what_is_due_is_approved_and_paid_with_an_invoice(desk: Desk) -> None:
    approval = await desk.approve()
    assert (approval.approved, approval.amount_minor) == ([ONE], {"EUR": 1000})
    assert await desk.owed() == {("approved", "EUR"): 1000}
    paid = await desk.pay(expected=1000)
    assert (paid.amount_minor, paid.invoice_number, paid.created_by) == (1000, 1, STAFF.name)
    assert await desk.owed() == {}
    assert await desk.status() == ["paid"]
    assert await desk.books.balances("merchant") == {
        ("commission_expense", "EUR"): -1000, ("payout_clearing", "EUR"): 1000,
    }  # fmt: skip
    with pytest.raises(NothingToPay, match="is 0"):
        await desk.pay()
    async with desk.books.databases.open() as db:
        told = await explained(db, ONE)
    assert [m.kind for m in told.movements] == ["accrual", "approval"]
    assert [(f.kind, f.money_minor, f.commission_minor) for f in told.facts] == [
        ("capture", 10_000, 1000)
    ]
    assert told.payments[0].payout_id == paid.id


async def test_nothing_is_approved_before_its_hold_is_over(desk: Desk) -> None:
    desk.books.clock.at -= timedelta(seconds=1)
    assert (await desk.approve()).approved == []
    with pytest.raises(NotApprovable, match="/ids/0 is held until 2026-11-16"):
        await desk.approve(ONE)
    assert await desk.owed() == {("pending", "EUR"): 1000}


async def test_one_that_cannot_be_approved_leaves_the_others_as_they_were(desk: Desk) -> None:
    await desk.books.settle(referred(2, desk.click, capture(2, "10.00", 2), refund(2, "10.00", 2)))
    gone = commission_id(capture(2, "10.00", 2))
    with pytest.raises(NotApprovable, match="/ids/1 has nothing left of it"):
        await desk.approve(ONE, gone)
    with pytest.raises(InvalidInput) as refused:
        await desk.approve(ONE, "com_0")
    assert refused.value.problems[0].pointer == "/ids/1"
    assert set(await desk.status()) == {"pending"}
    with pytest.raises(NotFound):
        async with desk.books.databases.open() as db:
            request = ApprovalRequest(due_of_publisher="pub_0")
            await approve(db, request, by=STAFF, at=AT)


async def test_refunds_reach_a_commission_wherever_it_stands(desk: Desk) -> None:
    """Before approval, after it, and after the payout: then the next one is the smaller."""
    order = partial(referred, 1, desk.click, capture(1, "100.00"))
    await desk.books.settle(order(refund(1, "10.00")))
    await desk.approve()
    await desk.books.settle(order(refund(1, "10.00"), refund(2, "20.00")))
    assert await desk.owed() == {("approved", "EUR"): 700}
    assert (await desk.pay()).amount_minor == 700
    await desk.books.settle(order(refund(1, "10.00"), refund(2, "20.00"), refund(3, "70.00")))
    assert await desk.owed() == {("approved", "EUR"): -700}
    with pytest.raises(NothingToPay, match="is -700"):
        await desk.pay()
    await desk.books.settle(referred(2, desk.click, capture(2, "150.00", 2)))
    await desk.approve()
    second = await desk.pay()
    assert (second.amount_minor, second.invoice_number) == (800, 2)
    assert known(await desk.books.commissions(), "amount_minor", "paid_minor", "status") == [
        (0, 0, "paid"), (1500, 1500, "paid"),
    ]  # fmt: skip
    lines = await desk.books.rows(
        "SELECT amount_minor FROM invoice_line WHERE invoice_id = $1 ORDER BY 1", second.invoice_id
    )
    assert [row["amount_minor"] for row in lines] == [-700, 1500]
    assert await desk.owed() == {}


async def test_a_dispute_holds_a_commission_until_it_is_resolved(desk: Desk) -> None:
    await desk.dispute(ONE)
    for raised in (desk.approve(ONE), desk.dispute(ONE)):
        with pytest.raises((NotApprovable, NotDisputable), match="disputed"):
            await raised
    assert (await desk.approve()).approved == []
    await desk.resolve(ONE, "kept")
    with pytest.raises(NotDisputed):
        await desk.resolve(ONE, "kept")
    await desk.approve(ONE)
    publisher = Objector("publisher", "key_1", desk.partner.publisher_id)
    assert (await desk.dispute(ONE, publisher)).raised_by_kind == "publisher"
    assert await desk.owed() == {("pending", "EUR"): 1000}
    with pytest.raises(NothingToPay):
        await desk.pay()
    await desk.resolve(ONE, "kept")
    await desk.approve(ONE)
    await desk.pay()
    with pytest.raises(NotDisputable, match="paid"):
        await desk.dispute(ONE)


async def test_a_dispute_that_ends_reversed_takes_the_commission_back_for_good(desk: Desk) -> None:
    await desk.approve(ONE)
    await desk.dispute(ONE)
    found = await desk.resolve(ONE, "reversed")
    assert (found.resolution, found.resolved_by) == ("reversed", STAFF.name)
    assert await desk.owed() == {}
    again = referred(1, desk.click, capture(1, "100.00"), refund(1, "30.00"))
    await desk.books.settle(again)
    assert await desk.owed() == {}
    assert known(await desk.books.commissions(), "status", "amount_minor") == [("reversed", 0)]
    with pytest.raises(NotApprovable, match="reversed"):
        await desk.approve(ONE)


async def test_a_publisher_that_is_suspended_earns_but_is_not_paid(desk: Desk) -> None:
    await desk.approve()
    order = partial(referred, 2, desk.click, capture(2, "50.00", 2))
    await desk.books.settle(order())
    other = await desk.books.partner("Other")
    two = commission_id(capture(2, "50.00", 2))
    await desk.become("suspended")
    with pytest.raises(PublisherNotActive, match="is suspended"):
        await desk.approve()
    with pytest.raises(NotApprovable, match="/ids/1 is of a publisher that is suspended"):
        await desk.approve(ONE, two)
    assert (await desk.approve(ONE)).approved == []  # it was before
    with pytest.raises(PublisherNotActive, match="is suspended"):
        await desk.pay()
    assert (await Desk(desk.books, other).approve()).approved == []
    await desk.books.settle(
        order(capture(3, "30.00", 2)),
    )
    assert await desk.owed() == {("approved", "EUR"): 1000, ("pending", "EUR"): 800}
    await desk.become("active")
    assert len((await desk.approve()).approved) == 2
    paid = await desk.pay(key="key-of-mine")
    assert paid.amount_minor == 1800
    await desk.become("suspended")
    assert await desk.pay(key="key-of-mine") == paid  # asked again, the answer was lost
    await desk.void(paid.id)
    assert await desk.owed() == {("approved", "EUR"): 1800}


async def test_a_publisher_disputes_its_own_only(desk: Desk) -> None:
    other = await desk.books.partner("Other")
    with pytest.raises(NotFound):
        await desk.dispute(ONE, Objector("publisher", "key_2", other.publisher_id))
    assert await desk.status() == ["pending"]


async def test_two_at_once_approve_once(desk: Desk) -> None:
    found = await asyncio.gather(*(desk.approve(*([ONE] * (n % 2))) for n in range(6)))
    assert sum(len(approval.approved) for approval in found) == 1
    assert await desk.owed() == {("approved", "EUR"): 1000}


async def test_two_at_once_pay_once(desk: Desk) -> None:
    await desk.approve()
    keys = [desk.pay(key=f"key-of-{n % 3}") for n in range(6)]
    found = await asyncio.gather(*keys, return_exceptions=True)
    paid = [one for one in found if isinstance(one, PayoutRead)]
    assert len({one.id for one in paid}) == 1
    assert all(isinstance(one, NothingToPay | PayoutRead) for one in found), found
    assert len(await desk.books.rows("SELECT id FROM payout")) == 1
    assert await desk.owed() == {}


async def test_a_key_pays_once_and_is_of_its_payout(desk: Desk) -> None:
    await desk.approve()
    first = await desk.pay(key="key-of-mine")
    assert await desk.pay(key="key-of-mine") == first
    with pytest.raises(PayoutKeyReused):
        await desk.pay("USD", key="key-of-mine")


async def test_what_is_refused_is_refused_in_one_transaction(desk: Desk) -> None:
    cuts = Cuts()
    cut_off = CutDatabases(desk.books.databases, cuts)
    counting = Desk(replace(desk.books, databases=cut_off), desk.partner)
    with pytest.raises(NothingToPay):
        await counting.pay()
    assert cuts.passed <= 5


async def test_another_amount_than_expected_is_not_paid(desk: Desk) -> None:
    await desk.approve()
    with pytest.raises(AnotherAmountOwed):
        await desk.pay(expected=999)
    with pytest.raises(NothingToPay):
        await desk.pay("USD")
    assert await desk.owed() == {("approved", "EUR"): 1000}
    assert await desk.books.rows("SELECT id FROM invoice_line") == []


async def test_refunds_and_payouts_at_once_lose_nothing(desk: Desk) -> None:
    orders = [referred(n, desk.click, capture(n, "50.00", n)) for n in range(2, 8)]
    await desk.books.settle(*orders)
    await desk.approve()
    refunds = [
        referred(n, desk.click, capture(n, "50.00", n), refund(n, "50.00", n)) for n in range(2, 5)
    ]
    await desk.books.write(*refunds)
    await asyncio.gather(
        desk.books.stream(), desk.pay(), desk.books.stream(), desk.pay(), return_exceptions=True
    )
    await desk.books.stream()
    (paid,) = await desk.books.rows("SELECT sum(amount_minor)::bigint AS paid FROM payout")
    owed = (await desk.owed()).get(("approved", "EUR"), 0)
    assert paid["paid"] + owed == 1000 + 3 * 500
