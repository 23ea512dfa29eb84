"""A payout whose transfer came to nothing is taken back, and everything balances meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from shared.commissions.booked_payouts import PayoutVoid, set_reference
from shared.commissions.payouts import NothingToPay, PayoutKeyReused
from shared.commissions.reading import balances, explained, statement
from shared.commissions.schemas import PaymentReference, PayoutRead
from shared.errors import NotFound
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

ONE = commission_id(capture(1, "100.00"))
CLEARED = ("payout_clearing", "EUR")


@pytest.fixture
async def desk(books: Books) -> Desk:
    """One approved commission of 10.00."""
    made = Desk(books, await books.partner())
    await books.settle(referred(1, made.click, capture(1, "100.00")))
    books.clock.at = AT + timedelta(days=14)
    await made.approve()
    return made


async def test_a_void_payout_can_be_paid_again(desk: Desk) -> None:
    first = await desk.pay()
    found = await desk.void(first.id)
    assert (found.status, found.voided_by, found.void_reason) == (
        "void", STAFF.name, "The transfer bounced.",
    )  # fmt: skip
    assert found.voided_at == desk.books.clock.now()
    assert await desk.owed() == {("approved", "EUR"): 1000}
    assert known(await desk.books.commissions(), "status", "paid_minor") == [("approved", 0)]
    assert CLEARED not in await desk.books.balances("merchant")
    invoices = await desk.books.rows("SELECT status, voided_at FROM invoice")
    assert [tuple(row.values()) for row in invoices] == [("void", found.voided_at)]
    with pytest.raises(PayoutVoid, match=STAFF.name):
        await desk.void(first.id)
    second = await desk.pay(expected=1000)
    assert (second.status, second.invoice_number) == ("booked", 2)
    assert await desk.owed() == {}
    async with desk.books.databases.open() as db:
        told = await explained(db, ONE)
    assert [(one.invoice_number, one.payout_status) for one in told.payments] == [
        (1, "void"), (2, "booked"),
    ]  # fmt: skip


async def test_refunds_between_payout_and_void_are_carried_on(desk: Desk) -> None:
    order = partial(referred, 1, desk.click, capture(1, "100.00"))
    first = await desk.pay()
    await desk.books.settle(order(refund(1, "30.00")))
    assert await desk.owed() == {("approved", "EUR"): -300}
    await desk.void(first.id)
    assert await desk.owed() == {("approved", "EUR"): 700}
    assert (await desk.pay()).amount_minor == 700
    assert await desk.owed() == {}


@pytest.mark.parametrize("last_first", [False, True], ids=["first", "last first"])
async def test_payouts_that_build_on_each_other_are_void_in_any_order(
    desk: Desk, *, last_first: bool
) -> None:
    first = await desk.pay()
    await desk.books.settle(referred(1, desk.click, capture(1, "100.00"), refund(1, "70.00")))
    await desk.books.settle(referred(2, desk.click, capture(2, "150.00", 2)))
    await desk.approve()
    second = await desk.pay()
    assert second.amount_minor == 800
    one, other = (second, first) if last_first else (first, second)
    await desk.void(one.id)
    assert await desk.owed() == {("approved", "EUR"): one.amount_minor}
    assert await desk.status() == (["paid", "approved"] if last_first else ["paid", "paid"])
    await desk.void(other.id)
    assert await desk.owed() == {("approved", "EUR"): 1800}
    assert known(await desk.books.commissions(), "status", "paid_minor", "amount_minor") == [
        ("approved", 0, 300), ("approved", 0, 1500),
    ]  # fmt: skip
    assert (await desk.pay()).amount_minor == 1800


async def test_what_is_void_is_disputed_like_what_was_never_paid(desk: Desk) -> None:
    await desk.void((await desk.pay()).id)
    await desk.dispute(ONE)
    assert await desk.owed() == {("pending", "EUR"): 1000}
    with pytest.raises(NothingToPay):
        await desk.pay()


async def test_balance_and_statement_tell_of_it(desk: Desk) -> None:
    paid = await desk.pay()
    desk.books.clock.advance(timedelta(days=1))
    voided = desk.books.clock.now()
    await desk.void(paid.id)
    publisher = desk.partner.publisher_id
    async with desk.books.databases.open() as db:
        (balance,) = await balances(db, publisher, now=voided, after="", limit=9)
        told = await statement(
            db,
            publisher,
            "EUR",
            since=voided,
            until=voided + timedelta(days=1),
            after=None,
            limit=9,
        )
    assert (balance.paid_minor, balance.approved_minor) == (0, 1000)
    assert (told.opening.approved_minor, told.closing.approved_minor) == (0, 1000)
    assert [(line.kind, line.approved_minor, line.payout_id) for line in told.items] == [
        ("void", 1000, paid.id)
    ]


async def test_a_key_takes_back_one_payout_once_and_never_pays_again(desk: Desk) -> None:
    paid = await desk.pay(key="key-of-mine")
    first = await desk.void(paid.id, key="key-of-void")
    assert await desk.void(paid.id, key="key-of-void") == first
    with pytest.raises(PayoutKeyReused, match="is void"):
        await desk.pay(key="key-of-mine")
    second = await desk.pay()
    assert (await desk.void(second.id, key="key-of-void")).id == second.id
    with pytest.raises(NotFound):
        await desk.void("pay_0")


async def test_voids_refunds_and_payouts_at_once_lose_nothing(desk: Desk) -> None:
    paid = await desk.pay()
    await desk.books.write(referred(1, desk.click, capture(1, "100.00"), refund(1, "50.00")))
    found = await asyncio.gather(
        desk.void(paid.id), desk.books.stream(), desk.void(paid.id), desk.pay(),
        return_exceptions=True,
    )  # fmt: skip
    assert sum(isinstance(one, PayoutVoid) for one in found) == 1
    assert all(one is None or isinstance(one, PayoutRead | PayoutVoid | NothingToPay)
               for one in found), found  # fmt: skip
    await desk.books.stream()
    (row,) = await desk.books.rows(
        "SELECT COALESCE(sum(amount_minor), 0)::bigint AS paid FROM payout WHERE status = 'booked'"
    )
    assert row["paid"] + (await desk.owed()).get(("approved", "EUR"), 0) == 500


async def test_a_reference_is_set_and_corrected_until_the_payout_is_void(desk: Desk) -> None:
    async def refer(payout_id: str, reference: str | None) -> PayoutRead:
        request = PaymentReference(payment_reference=reference)
        async with desk.books.databases.open() as db:
            return await set_reference(db, payout_id, request, by=STAFF, at=desk.books.clock.now())

    paid = await desk.pay()
    assert (paid.payment_reference, paid.payment_reference_by) == (None, None)
    for reference in ("SEPA 1", "SEPA 2", None):
        told = await refer(paid.id, reference)
        assert (told.payment_reference, told.payment_reference_by) == (reference, STAFF.name)
        assert told.payment_reference_at == desk.books.clock.now()
    with pytest.raises(NotFound):
        await refer("pay_0", "SEPA 3")
    await refer(paid.id, "SEPA 4")
    await desk.void(paid.id)
    with pytest.raises(PayoutVoid):
        await refer(paid.id, "SEPA 5")
    rows = await desk.books.rows("SELECT payment_reference FROM payout")
    assert [row["payment_reference"] for row in rows] == ["SEPA 4"]
