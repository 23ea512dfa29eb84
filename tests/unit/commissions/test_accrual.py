"""What orders earn: right to the minor unit, within its bounds, whatever order facts come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.commissions.accrual import earnings
from shared.commissions.ledger import Booked, Booking, missing
from shared.commissions.models import Earning, Standing
from shared.orders.models import OrderParts, OrderRefund, OrderTransaction
from tests.fixtures import orders as make

AT = make.AT


def capture(number: int, amount: str, currency: str = "EUR", **changes: object) -> OrderTransaction:
    money = {"presentment_amount": Decimal(amount), "presentment_currency": currency}
    return make.transaction(number, **{"processed_at": AT, **money, **changes})


def refund(number: int, amount: str, *, day: int = 1) -> OrderRefund:
    at = AT + timedelta(days=day)
    return make.refund(number, processed_at=at, presentment_total_refunded=Decimal(amount))


def order(
    captures: Sequence[OrderTransaction], refunds: Sequence[OrderRefund] = (), currency: str = "EUR"
) -> OrderParts:
    plain = make.parts(1, presentment_currency=currency)
    return replace(plain, transactions=tuple(captures), refunds=tuple(refunds))


def amounts(parts: OrderParts, basis_points: int = 1000) -> list[int]:
    return [earning.amount_minor for earning in earnings(parts, basis_points)]


@pytest.mark.parametrize(
    ("amount", "currency", "basis_points", "earned"),
    [
        ("100.00", "EUR", 1000, 1000),
        ("0.09", "EUR", 1000, 0),  # rounded down: never above the rate
        ("19.99", "EUR", 1250, 249),
        ("1999", "JPY", 1000, 199),
        ("10.005", "KWD", 1000, 1000),
        ("100.00", "EUR", 0, 0),
        ("100.00", "EUR", 10_000, 10_000),
    ],
)
def test_a_capture_earns_its_rate_in_its_own_currency(
    amount: str, currency: str, basis_points: int, earned: int
) -> None:
    parts = order([capture(1, amount, currency)], currency=currency)
    assert amounts(parts, basis_points) == [earned]


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        (["25.00"], 750),
        (["33.33", "33.33"], 333),  # 10 % of the 33.34 that are kept
        (["33.33", "33.33", "33.34"], 0),
        (["140.00"], 0),
        (["0.00"], 1000),
    ],
)
def test_refunds_take_back_pro_rata(refunds: list[str], left: int) -> None:
    given_back = [refund(n, amount, day=n) for n, amount in enumerate(refunds, start=1)]
    assert amounts(order([capture(1, "100.00")], given_back)) == [left]


def test_a_refund_is_shared_by_the_captures_of_its_currency() -> None:
    captures = [capture(1, "60.00"), capture(2, "40.00"), capture(3, "50.00", "USD")]
    assert amounts(order(captures, [refund(1, "50.00")])) == [300, 200, 500]


def test_what_is_no_successful_capture_earns_nothing() -> None:
    payments = [
        capture(1, "10.00", kind="AUTHORIZATION"),
        capture(2, "10.00", status="FAILURE"),
        capture(3, "10.00", is_test=True),
        capture(4, "10.00", kind="REFUND"),
    ]
    assert earnings(order(payments), 1000) == []
    test_order = make.parts(1, is_test=True, presentment_currency="EUR")
    assert earnings(replace(test_order, transactions=(capture(5, "10.00"),)), 1000) == []


def test_a_refund_without_a_capture_waits_for_it() -> None:
    assert earnings(order([], [refund(1, "5.00")]), 1000) == []
    assert amounts(order([capture(1, "10.00")], [refund(1, "5.00")])) == [50]


MONEY = st.integers(0, 100_000).map(lambda minor: Decimal(minor) / 100)
CAPTURES = st.lists(MONEY, max_size=4)
REFUNDS = st.lists(st.tuples(MONEY, st.integers(0, 3)), max_size=5)
RATE = st.integers(0, 10_000)


def facts_of(
    captures: Sequence[Decimal], refunds: Sequence[tuple[Decimal, int]]
) -> list[OrderTransaction | OrderRefund]:
    return [
        *(capture(number, str(amount)) for number, amount in enumerate(captures, start=1)),
        *(
            refund(number, str(amount), day=day)
            for number, (amount, day) in enumerate(refunds, start=1)
        ),
    ]


def state(facts: Sequence[OrderTransaction | OrderRefund]) -> OrderParts:
    return order(
        [fact for fact in facts if isinstance(fact, OrderTransaction)],
        [fact for fact in facts if isinstance(fact, OrderRefund)],
    )


class Books:
    """The rows of a ledger in memory, kept with the same rules as those of PostgreSQL."""

    def __init__(self) -> None:
        self.bookings: list[Booking] = []

    def settle(self, parts: OrderParts, basis_points: int) -> None:
        now = {earning.commission_id: earning for earning in earnings(parts, basis_points)}
        for commission_id in now.keys() | {b.commission_id for b in self.bookings}:
            self.bookings += missing(
                _standing(commission_id or ""),
                now.get(commission_id or ""),
                self.booked(commission_id),
            )

    def booked(self, commission_id: str | None) -> dict[tuple[str, str], Booked]:
        found: dict[tuple[str, str], Booked] = {}
        for booking in self.bookings:
            if booking.commission_id == commission_id:
                key = str(booking.fact_kind), str(booking.fact_id)
                held = found.get(key, Booked(0, 0, booking.occurred_at))
                total = held.amount_minor + booking.amount_minor
                found[key] = Booked(total, held.times + 1, booking.occurred_at)
        return found

    def owed(self) -> int:
        return -sum(
            entry.amount_minor
            for booking in self.bookings
            for entry in booking.entries
            if entry.account.kind == "pending"
        )


def _standing(commission_id: str) -> Standing:
    return Standing(commission_id, "cnv_1", "ord_1", "pub_1", "EUR", "pending", 0, 0)


@settings(deadline=None)  # a busy machine is no failure
@given(CAPTURES, REFUNDS, RATE)
def test_a_commission_stays_within_its_bounds(
    captures: list[Decimal], refunds: list[tuple[Decimal, int]], basis_points: int
) -> None:
    found = earnings(state(facts_of(captures, refunds)), basis_points)
    captured = sum(earning.captured_minor for earning in found)
    refunded = sum(int(amount * 100) for amount, _ in refunds)
    earned = sum(earning.amount_minor for earning in found)
    assert all(earning.amount_minor >= 0 for earning in found)
    assert earned * 10_000 <= max(0, captured - refunded) * basis_points
    assert earned * 10_000 > max(0, captured - refunded) * basis_points - 20_000 * len(found) - 1
    for earning in found:
        _never_leaves_its_bounds(earning)


def _never_leaves_its_bounds(earning: Earning) -> None:
    total = 0
    for fact in earning.facts:
        total += fact.commission_minor
        assert 0 <= total <= earning.facts[0].commission_minor


@settings(deadline=None)  # a busy machine is no failure
@given(CAPTURES, REFUNDS, RATE, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    captures: list[Decimal], refunds: list[tuple[Decimal, int]], basis_points: int, dice: object
) -> None:
    facts = facts_of(captures, refunds)
    books = Books()
    arriving = list(facts)
    dice.shuffle(arriving)  # type: ignore[attr-defined]
    for number in range(1, len(arriving) + 1):
        for _ in range(dice.randint(1, 2)):  # type: ignore[attr-defined]
            books.settle(state(arriving[:number]), basis_points)
            whole = sum(e.amount_minor for e in earnings(state(arriving[:number]), basis_points))
            assert books.owed() == whole
    assert all(sum(e.amount_minor for e in b.entries) == 0 for b in books.bookings)
    assert len({booking.id for booking in books.bookings}) == len(books.bookings)
    direct = Books()
    direct.settle(state(facts), basis_points)
    assert direct.owed() == books.owed()


def test_a_fact_that_changed_is_corrected_and_one_that_vanished_taken_back() -> None:
    books = Books()
    books.settle(order([capture(1, "100.00")], [refund(1, "50.00")]), 1000)
    books.settle(order([capture(1, "80.00")], [refund(1, "50.00")]), 1000)
    assert books.owed() == 300
    assert [booking.kind for booking in books.bookings] == [
        "accrual", "reversal", "correction",
    ]  # fmt: skip
    books.settle(order([capture(1, "80.00")]), 1000)
    assert books.owed() == 800
    books.settle(order([]), 1000)
    assert books.owed() == 0
