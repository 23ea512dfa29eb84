"""Events are a pure function of an order's state, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id
from shared.orders.events import order_events
from shared.orders.models import OrderParts
from shared.telemetry import CommerceEvent
from tests.fixtures import orders as make

AT = make.AT


def events_of(order: OrderParts, event_type: str, **kwargs: object) -> list[CommerceEvent]:
    events = order_events(make.state(order, **kwargs))
    return [event for event in events if event.event_type == event_type]


class TestOrderCreated:
    """One event per line: units and net money as ordered, less what an edit took out."""

    def test_a_plain_line(self) -> None:
        line = make.line(1, discount_total=Decimal("1.50"), tax_total=Decimal("1.48"))
        (event,) = events_of(make.parts(1, line, source_name="pos"), "order_created")
        assert event.event_id == derived_id("evt", "order_created", line.id)
        assert (event.quantity, event.amount_minor) == (2, 1850)
        assert (event.discount_minor, event.tax_minor) == (150, 148)
        assert (event.currency, event.presentment_currency) == ("USD", "EUR")
        assert event.presentment_amount_minor == 1800
        assert event.occurred_at == event.source_version_at == AT
        assert (event.country_code, event.source_name) == ("DE", "pos")
        assert (event.product_title, event.sku) == ("Mug", "SKU-1")

    def test_included_tax_is_not_revenue(self) -> None:
        line = make.line(1, tax_total=Decimal("3.19"))
        (event,) = events_of(make.parts(1, line, taxes_included=True), "order_created")
        assert event.amount_minor == 1681

    def test_an_edit_takes_units_and_their_share_of_the_discount(self) -> None:
        line = make.line(1, quantity=4, current_quantity=1, discount_total=Decimal("10.00"))
        (event,) = events_of(make.parts(1, line), "order_created")
        assert (event.quantity, event.amount_minor, event.discount_minor) == (1, 750, 250)

    def test_refunded_units_were_still_sold(self) -> None:
        line = make.line(1, quantity=3, current_quantity=1)
        refund = make.refund(1)
        order = replace(
            make.parts(1, line), refunds=(refund,), refund_lines=(make.refund_line(refund, line),)
        )
        (event,) = events_of(order, "order_created")
        assert event.quantity == 2  # three ordered, one edited out, one refunded

    def test_a_line_that_is_edited_out_still_emits(self) -> None:
        line = make.line(1, current_quantity=0)
        (event,) = events_of(make.parts(1, line), "order_created")
        assert (event.quantity, event.amount_minor) == (0, 0)

    def test_an_added_line_happened_when_it_was_added(self) -> None:
        first, added = make.line(1), make.line(2)
        later = AT + timedelta(days=2)
        events = events_of(make.parts(1, first, added), "order_created", added_at={added.id: later})
        assert [event.occurred_at for event in events] == [AT, later]

    def test_half_a_minor_unit_rounds_to_even(self) -> None:
        line = make.line(1, quantity=2, current_quantity=1, unit_price=Decimal("0.125"))
        (event,) = events_of(make.parts(1, line), "order_created")
        assert event.amount_minor == 12

    def test_minor_units_are_those_of_the_currency(self) -> None:
        line = make.line(1, unit_price=Decimal(500), presentment_unit_price=Decimal("1.234"))
        order = make.parts(1, line, currency="JPY", presentment_currency="KWD")
        (event,) = events_of(order, "order_created")
        assert (event.amount_minor, event.presentment_amount_minor) == (1000, 2468)

    def test_a_line_without_units_or_product(self) -> None:
        line = make.line(1, quantity=0, current_quantity=0, product_id=None, sku=None)
        (event,) = events_of(make.parts(1, line), "order_created")
        assert (event.quantity, event.amount_minor, event.product_id) == (0, 0, None)


class TestRefunds:
    """A refund gives back lines, or money without a line."""

    def test_a_line_goes_back(self) -> None:
        line, refund = make.line(1), make.refund(1, processed_at=AT + timedelta(days=1))
        back = make.refund_line(refund, line, tax=Decimal("0.80"))
        order = replace(make.parts(1, line), refunds=(refund,), refund_lines=(back,))
        (event,) = events_of(order, "payment_refunded")
        assert (event.quantity, event.amount_minor, event.tax_minor) == (-1, -1000, -80)
        assert event.presentment_amount_minor == -900
        assert (event.refund_id, event.order_line_id) == (refund.id, line.id)
        assert event.product_id == line.product_id
        assert event.occurred_at == refund.processed_at

    def test_goodwill_has_no_line(self) -> None:
        refund = make.refund(1, total_refunded=Decimal("5.00"))
        order = replace(make.parts(1, make.line(1)), refunds=(refund,))
        (event,) = events_of(order, "payment_refunded")
        assert (event.quantity, event.amount_minor) == (0, -500)
        assert event.order_line_id is event.product_id is None

    def test_a_refund_without_money_still_returns_units(self) -> None:
        line, refund = make.line(1), make.refund(1)
        order = replace(
            make.parts(1, line), refunds=(refund,), refund_lines=(make.refund_line(refund, line),)
        )
        (event,) = events_of(order, "payment_refunded")
        assert (event.quantity, event.amount_minor) == (-1, -1000)


class TestCancelled:
    """A cancellation takes back what no refund did."""

    def test_unpaid(self) -> None:
        order = make.parts(1, make.line(1), cancelled_at=AT + timedelta(hours=1))
        (event,) = events_of(order, "order_cancelled")
        assert (event.quantity, event.amount_minor) == (-2, -2000)
        assert event.occurred_at == AT + timedelta(hours=1)

    def test_what_was_refunded_is_not_taken_twice(self) -> None:
        line, refund = make.line(1, current_quantity=0), make.refund(1)
        back = make.refund_line(refund, line, quantity=2, amount=Decimal("20.00"))
        order = replace(
            make.parts(1, line, cancelled_at=AT), refunds=(refund,), refund_lines=(back,)
        )
        (event,) = events_of(order, "order_cancelled")
        assert (event.quantity, event.amount_minor) == (0, 0)

    def test_an_order_that_stands(self) -> None:
        assert events_of(make.parts(1, make.line(1)), "order_cancelled") == []


class TestPayments:
    """Money is captured by a successful capture or sale, once per transaction."""

    @pytest.mark.parametrize(
        ("kind", "status", "count"),
        [
            ("SALE", "SUCCESS", 1),
            ("CAPTURE", "SUCCESS", 1),
            ("AUTHORIZATION", "SUCCESS", 0),
            ("REFUND", "SUCCESS", 0),
            ("VOID", "SUCCESS", 0),
            ("SALE", "FAILURE", 0),
            ("CAPTURE", "PENDING", 0),
            ("SOMETHING_NEW", "SUCCESS", 0),
        ],
    )
    def test_kinds(self, kind: str, status: str, count: int) -> None:
        payment = make.transaction(1, kind=kind, status=status)
        order = replace(make.parts(1, make.line(1)), transactions=(payment,))
        events = events_of(order, "payment_captured")
        assert len(events) == count
        for event in events:
            assert event.event_id == derived_id("evt", "payment_captured", payment.id)
            assert (event.amount_minor, event.presentment_amount_minor) == (2000, 1800)
            assert event.order_line_id is None

    def test_a_test_payment_marks_its_event(self) -> None:
        order = replace(make.parts(1), transactions=(make.transaction(1, is_test=True),))
        assert events_of(order, "payment_captured")[0].is_test


class TestFulfillmentAndReturns:
    """Shipments and returns, line by line."""

    def test_only_successful_shipments(self) -> None:
        line = make.line(1)
        good, bad = make.fulfillment(1), make.fulfillment(2, status="CANCELLED")
        order = replace(
            make.parts(1, line),
            fulfillments=(good, bad),
            fulfillment_lines=(make.fulfillment_line(good, line), make.fulfillment_line(bad, line)),
        )
        (event,) = events_of(order, "fulfillment_shipped")
        assert (event.fulfillment_id, event.quantity, event.amount_minor) == (good.id, 2, 0)
        assert event.occurred_at == good.created_at

    def test_returns_with_and_without_lines(self) -> None:
        line = make.line(1)
        known, bare = make.return_(1), make.return_(2)
        order = replace(
            make.parts(1, line),
            returns=(known, bare),
            return_lines=(make.return_line(1, known, line),),
        )
        first, second = events_of(order, "return_requested")
        assert (first.return_id, first.order_line_id) == (known.id, line.id)
        assert (second.return_id, second.order_line_id) == (bare.id, None)


class TestCompleted:
    """Closed, or fully paid and fully fulfilled; always under the same id."""

    @pytest.mark.parametrize(
        ("financial", "fulfillment", "outstanding", "complete"),
        [
            ("PAID", "FULFILLED", 0, True),
            ("PAID", "FULFILLMENT_NOT_REQUIRED", 0, True),
            ("PENDING", "FULFILLMENT_NOT_REQUIRED", 0, False),
            ("PAID", "PARTIALLY_FULFILLED", 0, False),
            ("PARTIALLY_PAID", "FULFILLED", 5, False),
            ("PARTIALLY_REFUNDED", "FULFILLED", 0, True),
            ("PARTIALLY_REFUNDED", "FULFILLED", 5, False),
            ("REFUNDED", "FULFILLED", 0, True),
            ("PENDING", "FULFILLED", 0, False),
            (None, None, 0, False),
        ],
    )
    def test_paid_and_fulfilled(
        self, financial: str | None, fulfillment: str | None, outstanding: int, complete: bool
    ) -> None:
        order = OrderParts(
            make.header(1, financial_status=financial, fulfillment_status=fulfillment),
            make.summary(1, total_outstanding=Decimal(outstanding)),
        )
        assert bool(events_of(order, "order_completed")) is complete

    def test_it_happened_with_the_last_step(self) -> None:
        shipped = AT + timedelta(days=3)
        order = replace(
            make.parts(1, financial_status="PAID", fulfillment_status="FULFILLED"),
            transactions=(make.transaction(1),),
            fulfillments=(make.fulfillment(1, created_at=shipped),),
        )
        (event,) = events_of(order, "order_completed")
        assert event.occurred_at == shipped

    @pytest.mark.parametrize("days", [None, 9, 30])
    def test_closing_and_closing_again_does_not_move_it(self, days: int | None) -> None:
        closed = None if days is None else AT + timedelta(days=days)
        paid = make.transaction(1, processed_at=AT + timedelta(days=2))
        header = {"financial_status": "PAID", "fulfillment_status": "FULFILLMENT_NOT_REQUIRED"}
        order = replace(make.parts(1, closed_at=closed, **header), transactions=(paid,))
        (event,) = events_of(order, "order_completed")
        assert event.occurred_at == paid.processed_at

    def test_closing_what_is_neither_paid_nor_shipped(self) -> None:
        closed = AT + timedelta(days=9)
        (event,) = events_of(make.parts(1, closed_at=closed), "order_completed")
        assert event.occurred_at == closed
        assert event.event_id == derived_id("evt", "order_completed", make.order_id(1))


class TestClickId:
    """A click is carried by an order attribute, else by the landing page."""

    @pytest.mark.parametrize(
        ("attributes", "landing_site", "expected"),
        [
            ([{"key": "click_id", "value": "abc"}], "/x?click_id=other", "abc"),
            ([], "/products/mug?utm=1&click_id=abc", "abc"),
            ([{"key": "gift", "value": "yes"}], "/products/mug", None),
            ([{"key": "click_id", "value": None}], None, None),
            ([], "http://[broken?click_id=abc", None),
        ],
    )
    def test_sources(
        self, attributes: list[object], landing_site: str | None, expected: str | None
    ) -> None:
        order = make.parts(
            1,
            make.line(1),
            custom_attributes=make.json_list(*attributes),
            landing_site=landing_site,
        )
        assert events_of(order, "order_created")[0].click_id == expected


money = st.integers(0, 10_000_00).map(lambda minor: Decimal(minor) / 100)


@st.composite
def orders(draw: st.DrawFn) -> OrderParts:
    """Orders whose lines are ordered, edited, discounted, taxed and refunded in parts."""
    lines, refunds, refund_lines = [], [], []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        quantity = draw(st.integers(1, 9))
        edited = draw(st.integers(0, quantity))
        given_back = draw(st.lists(st.integers(1, 3), max_size=3))
        while edited + sum(given_back) > quantity:
            edited, given_back = max(0, edited - 1), given_back[1:]
        line = make.line(
            number,
            quantity=quantity,
            current_quantity=quantity - edited - sum(given_back),
            unit_price=draw(money),
            discount_total=draw(money),
            tax_total=draw(money),
        )
        lines.append(line)
        for count, units in enumerate(given_back):
            refund = make.refund(number * 10 + count)
            refunds.append(refund)
            refund_lines.append(make.refund_line(refund, line, quantity=units, amount=draw(money)))
    order = make.parts(
        1,
        *lines,
        taxes_included=draw(st.booleans()),
        cancelled_at=draw(st.sampled_from([None, AT])),
    )
    return replace(order, refunds=tuple(refunds), refund_lines=tuple(refund_lines))


class TestLaws:
    """What holds for every order."""

    @given(orders())
    def test_units_over_all_events_are_what_remains(self, order: OrderParts) -> None:
        for line in order.lines:
            units = sum(
                event.quantity
                for event in order_events(make.state(order))
                if event.order_line_id == line.id
            )
            cancelled = order.header.cancelled_at is not None
            assert units == (0 if cancelled else line.current_quantity)

    @given(orders())
    def test_a_cancelled_order_leaves_no_money(self, order: OrderParts) -> None:
        cancelled = replace(order, header=order.header._replace(cancelled_at=AT))
        assert sum(event.amount_minor for event in order_events(make.state(cancelled))) == 0

    @given(orders())
    def test_an_event_id_stands_for_one_fact(self, order: OrderParts) -> None:
        events = order_events(make.state(order))
        assert len({event.event_id for event in events}) == len(events)

    @given(orders(), st.randoms())
    def test_the_order_of_arrival_does_not_matter(self, order: OrderParts, random: object) -> None:
        def shuffled(records: tuple[object, ...]) -> tuple[object, ...]:
            return tuple(sorted(records, key=lambda _: random.random()))  # type: ignore[attr-defined]

        mixed = replace(
            order,
            lines=shuffled(order.lines),
            refunds=shuffled(order.refunds),
            refund_lines=shuffled(order.refund_lines),
        )
        first = {event.event_id: event for event in order_events(make.state(order))}
        assert {event.event_id: event for event in order_events(make.state(mixed))} == first
