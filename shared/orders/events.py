"""The commerce events of an order, computed from its whole state: pure, and the same every time.

An event's id is derived from the fact alone, so computing it again after a later write makes a
newer copy of the same event, never a second one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from shared.ids import derived_id
from shared.money import to_minor
from shared.orders.arithmetic import NOTHING, Amounts, Terms, kept, refunded, rest, returning_units
from shared.orders.landing import CLICK_ID, told_landing
from shared.orders.models import (
    OrderHeader,
    OrderLine,
    OrderParts,
    OrderRefundLine,
    OrderState,
    OrderTransaction,
)
from shared.telemetry import CommerceEvent, CommerceEventType

_CAPTURES: Final = frozenset({"CAPTURE", "SALE"})
_REFUNDED_STATES: Final = frozenset({"PARTIALLY_REFUNDED", "REFUNDED"})
_FULFILLED_STATES: Final = frozenset({"FULFILLED", "FULFILLMENT_NOT_REQUIRED"})


def order_events(state: OrderState) -> list[CommerceEvent]:
    """Return every event that the order's present state implies, in a fixed order."""
    order = _Order(state)
    return [
        *order.created(),
        *order.captured(),
        *order.refunded(),
        *order.shipped(),
        *order.returns_requested(),
        *order.completed(),
        *order.cancelled(),
    ]


def captures(order: OrderParts) -> Sequence[OrderTransaction]:
    """Return the payments that brought money in."""
    return [
        payment
        for payment in order.transactions
        if payment.kind in _CAPTURES and payment.status == "SUCCESS"
    ]


def click_ids(header: OrderHeader) -> list[str]:
    """Return the click ids that an order carries: in its attributes, then in its landing page."""
    found = [
        str(attribute["value"])
        for attribute in json.loads(header.custom_attributes)
        if attribute.get("key") == CLICK_ID and attribute.get("value")
    ]
    try:
        query = urlsplit(header.landing_site or "").query
        return found + parse_qs(query).get(CLICK_ID, [])
    except ValueError:  # a landing page is whatever a browser sent
        return found


class _Order:
    """One order's state with what its events share, looked up once."""

    def __init__(self, state: OrderState) -> None:
        self.parts: OrderParts = state.parts
        self.header: OrderHeader = state.parts.header
        self.added_at = state.added_at
        self.lines = {line.id: line for line in self.parts.lines}
        self.terms = Terms(
            self.header.currency, self.header.presentment_currency, self.header.taxes_included
        )
        self.refunds: defaultdict[str, list[OrderRefundLine]] = defaultdict(list)
        for refund in self.parts.refund_lines:
            self.refunds[refund.order_line_id].append(refund)
        self.returning = returning_units(self.parts)
        self.event = partial(
            CommerceEvent,
            source_version_at=self.header.shopify_updated_at,
            order_id=self.header.id,
            customer_id=self.header.customer_id,
            financial_status=self.header.financial_status,
            fulfillment_status=self.header.fulfillment_status,
            country_code=state.shipping_country_code,
            source_name=self.header.source_name,
            discount_codes=json.loads(self.header.discount_codes),
            landing_site=told_landing(self.header.landing_site),
            click_id=next(iter(click_ids(self.header)), None),
        )

    def created(self) -> Iterator[CommerceEvent]:
        """One per line, also when an edit took all of it away: that copy undoes the earlier one."""
        for line in self.parts.lines:
            at = self.added_at.get(line.id, self.header.processed_at)
            amounts = kept(line, self.refunds[line.id], self.returning[line.id], self.terms)
            yield self._of_line("order_created", at, line.id, amounts, line.id)

    def captured(self) -> Iterator[CommerceEvent]:
        """One per successful capture or sale."""
        for payment in captures(self.parts):
            yield self.event(
                event_id=derived_id("evt", "payment_captured", payment.id),
                event_type="payment_captured",
                occurred_at=payment.processed_at,
                transaction_id=payment.id,
                amount_minor=to_minor(payment.amount, payment.currency),
                currency=payment.currency,
                presentment_amount_minor=to_minor(
                    payment.presentment_amount, payment.presentment_currency
                ),
                presentment_currency=payment.presentment_currency,
                is_test=self.header.is_test or payment.is_test,
            )

    def refunded(self) -> Iterator[CommerceEvent]:
        """One per refunded line; one without a line for a refund that has none (goodwill)."""
        lines = defaultdict(list)
        for line in self.parts.refund_lines:
            lines[line.refund_id].append(line)
        for refund in self.parts.refunds:
            give = partial(
                self._of_line, "payment_refunded", refund.processed_at, refund_id=refund.id
            )
            for line in lines[refund.id]:
                amounts = refunded(line, self.terms).negated()
                yield give(line.order_line_id, amounts, line.id)
            if not lines[refund.id]:
                money = Amounts(
                    0,
                    to_minor(refund.total_refunded, self.terms.currency),
                    to_minor(refund.presentment_total_refunded, self.terms.presentment_currency),
                    0,
                    0,
                )
                yield give(None, money.negated(), refund.id)

    def shipped(self) -> Iterator[CommerceEvent]:
        """One per line of each successful fulfillment."""
        successes = {f.id: f for f in self.parts.fulfillments if f.status == "SUCCESS"}
        for line in self.parts.fulfillment_lines:
            if (shipment := successes.get(line.fulfillment_id)) is not None:
                yield self._of_line(
                    "fulfillment_shipped",
                    shipment.created_at,
                    line.order_line_id,
                    _units(line.quantity),
                    line.id,
                    fulfillment_id=shipment.id,
                )

    def returns_requested(self) -> Iterator[CommerceEvent]:
        """One per line of each return, or one for a return whose lines are not known."""
        lines = defaultdict(list)
        for line in self.parts.return_lines:
            lines[line.return_id].append(line)
        for back in self.parts.returns:
            ask = partial(self._of_line, "return_requested", back.created_at, return_id=back.id)
            for line in lines[back.id]:
                yield ask(line.order_line_id, _units(line.quantity), line.id)
            if not lines[back.id]:
                yield ask(None, _units(back.total_quantity), back.id)

    def completed(self) -> Iterator[CommerceEvent]:
        """One, once the order is fully paid and has nothing left to ship, or else is closed.

        Orders are closed again and again: that instant counts only where there is no other.
        """
        at = self._last_step_at() if self._is_paid_and_fulfilled() else self.header.closed_at
        if at is not None:
            yield self._of_line("order_completed", at, None, NOTHING, self.header.id)

    def cancelled(self) -> Iterator[CommerceEvent]:
        """One per line of a cancelled order: what was not refunded goes back, be it nothing."""
        if self.header.cancelled_at is None:
            return
        for line in self.parts.lines:
            left = rest(line, self.refunds[line.id], self.returning[line.id], self.terms)
            yield self._of_line(
                "order_cancelled", self.header.cancelled_at, line.id, left.negated(), line.id
            )

    def _of_line(
        self,
        event_type: CommerceEventType,
        occurred_at: datetime,
        line_id: str | None,
        amounts: Amounts,
        fact_id: str,
        **ids: Any,
    ) -> CommerceEvent:
        line = self.lines.get(line_id) if line_id is not None else None
        return self.event(
            event_id=derived_id("evt", event_type, fact_id),
            event_type=event_type,
            occurred_at=occurred_at,
            order_line_id=line_id,
            quantity=amounts.quantity,
            amount_minor=amounts.net,
            currency=self.terms.currency,
            presentment_amount_minor=amounts.presentment_net,
            presentment_currency=self.terms.presentment_currency,
            discount_minor=amounts.discount,
            tax_minor=amounts.tax,
            is_test=self.header.is_test,
            **ids,
            **_product(line),
        )

    def _is_paid_and_fulfilled(self) -> bool:
        status = self.header.financial_status
        is_paid = status == "PAID" or (
            status in _REFUNDED_STATES and self.parts.summary.total_outstanding <= 0
        )
        return is_paid and self.header.fulfillment_status in _FULFILLED_STATES

    def _last_step_at(self) -> datetime:
        steps = [payment.processed_at for payment in captures(self.parts)]
        steps += [f.created_at for f in self.parts.fulfillments if f.status == "SUCCESS"]
        return max(steps, default=self.header.processed_at)


def _product(line: OrderLine | None) -> dict[str, Any]:
    if line is None:
        return {}
    return {
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "product_title": line.title,
        "product_vendor": line.vendor,
    }


def _units(quantity: int) -> Amounts:
    return Amounts(quantity, 0, 0, 0, 0)
