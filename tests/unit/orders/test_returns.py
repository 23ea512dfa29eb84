"""What a return takes out of the order was sold all the same, and on the day of purchase."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.orders.models import OrderLine
from tests.fixtures import orders as make
from tests.unit.orders.test_events import AT, events_of


def sold(line: OrderLine, *, status: str = "OPEN", **changes: object) -> int:
    back = make.return_(1, status=status)
    order = replace(
        make.parts(1, line),
        returns=(back,),
        return_lines=(make.return_line(1, back, line, **changes),),
    )
    (event,) = events_of(order, "order_created")
    assert event.amount_minor == 1000 * event.quantity
    return event.quantity


@pytest.mark.parametrize("status", ["OPEN", "CLOSED"])
def test_units_that_nobody_refunded_yet_are_still_sold(status: str) -> None:
    assert sold(make.line(1, current_quantity=0), status=status, quantity=2) == 2


@pytest.mark.parametrize("current", [2, 1])
def test_it_does_not_matter_when_shopify_takes_them_off(current: int) -> None:
    assert sold(make.line(1, current_quantity=current), quantity=1) == 2


@pytest.mark.parametrize("status", ["REQUESTED", "DECLINED", "CANCELED"])
def test_a_return_that_holds_nothing_adds_nothing(status: str) -> None:
    assert sold(make.line(1, current_quantity=1), status=status, quantity=1) == 1


def test_units_that_an_edit_took_out_stay_out() -> None:
    assert sold(make.line(1, quantity=5, current_quantity=1), quantity=2) == 3


@pytest.mark.parametrize("told", [0, 1])
def test_a_refund_of_the_return_counts_once_also_before_the_return_tells_of_it(
    told: int,
) -> None:
    line = make.line(1, quantity=5, current_quantity=2)  # one edited out, two returned
    back = make.return_(1)
    refund = make.refund(1, return_id=back.id)
    order = replace(
        make.parts(1, line),
        returns=(back,),
        return_lines=(make.return_line(1, back, line, quantity=2, refunded_quantity=told),),
        refunds=(refund,),
        refund_lines=(make.refund_line(refund, line),),
    )
    assert [event.quantity for event in events_of(order, "order_created")] == [4]
    assert [event.quantity for event in events_of(order, "payment_refunded")] == [-1]


def test_cancelling_takes_back_what_is_still_on_its_way() -> None:
    line, back = make.line(1, current_quantity=0), make.return_(1)
    order = replace(
        make.parts(1, line, cancelled_at=AT),
        returns=(back,),
        return_lines=(make.return_line(1, back, line, quantity=2),),
    )
    assert [event.quantity for event in events_of(order, "order_cancelled")] == [-2]


@given(st.data())
def test_the_sale_never_changes_while_goods_come_back(data: st.DataObject) -> None:
    quantity = data.draw(st.integers(1, 9))
    edited = data.draw(st.integers(0, quantity))
    returned = data.draw(st.integers(0, quantity - edited))
    given_back = data.draw(st.integers(0, returned))
    left = quantity - edited - returned
    line = make.line(1, quantity=quantity, current_quantity=left)
    back, refund = make.return_(1), make.refund(1)
    units = {"quantity": returned, "refunded_quantity": given_back}
    order = replace(
        make.parts(1, line),
        returns=(back,),
        return_lines=(make.return_line(1, back, line, **units),),
        refunds=(refund,),
        refund_lines=(make.refund_line(refund, line, quantity=given_back),),
    )
    (event,) = events_of(order, "order_created")
    assert event.quantity == quantity - edited
