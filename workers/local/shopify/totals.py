"""Every sum and status that follows from an order's facts, so that no two renderings can differ."""

from __future__ import annotations

from dataclasses import dataclass

from local.shopify.money import Bag, minus, part_of, plus, positive, times, zero
from local.shopify.orders import Line, Order, Refund, ShippingLine

CAPTURING = ("CAPTURE", "SALE")


def line_gross(line: Line) -> Bag:
    """Return unit price times ordered quantity."""
    return times(line.unit_price, line.quantity)


def line_discount(line: Line) -> Bag:
    """Return the discounts on the ordered quantity."""
    shop = presentment = 0
    for allocation in line.discounts:
        shop += allocation.amount.shop
        presentment += allocation.amount.presentment
    return Bag(shop, presentment, line.unit_price.currencies)


def line_tax(line: Line | ShippingLine) -> Bag:
    """Return the taxes on the whole line."""
    currencies = line.unit_price.currencies if isinstance(line, Line) else line.price.currencies
    shop = presentment = 0
    for tax in line.tax_lines:
        shop += tax.price.shop
        presentment += tax.price.presentment
    return Bag(shop, presentment, currencies)


def line_net(line: Line, *, taxes_included: bool) -> Bag:
    """Return the ordered quantity's value after discounts and without tax."""
    after_discounts = minus(line_gross(line), line_discount(line))
    return minus(after_discounts, line_tax(line)) if taxes_included else after_discounts


def units_of(amount: Bag, line: Line, start: int, stop: int) -> Bag:
    """Return what units `start..stop` of a line carry of an amount; all shares add up exactly."""
    return minus(part_of(amount, stop, line.quantity), part_of(amount, start, line.quantity))


@dataclass(slots=True)
class Totals:
    """The sums of one order: `*` as ordered (with added lines), `current_*` as it stands."""

    line_items: Bag
    discounts: Bag
    subtotal: Bag
    tax: Bag
    shipping: Bag
    total: Bag
    current_discounts: Bag
    current_subtotal: Bag
    current_tax: Bag
    current_shipping: Bag
    current_total: Bag
    received: Bag
    refunded: Bag
    outstanding: Bag
    authorized: Bag


def order_totals(order: Order) -> Totals:
    """Add the order up."""
    currencies = order.currencies
    nothing = zero(currencies)
    gross, discounts, tax, gone_gross, gone_discounts, gone_tax = _lines(order)
    shipping, shipping_tax, shipping_back = _shipping(order, nothing)
    received, refunded, authorized = _payments(order, nothing)
    subtotal = minus(gross, discounts)
    current_subtotal = minus(subtotal, minus(gone_gross, gone_discounts))
    tax = plus(tax, shipping_tax)
    current_tax = minus(tax, gone_tax)
    current_shipping = minus(shipping, shipping_back)
    total, current_total = plus(subtotal, shipping), plus(current_subtotal, current_shipping)
    if not order.taxes_included:
        total, current_total = plus(total, tax), plus(current_total, current_tax)
    current_total = minus(current_total, _goodwill(order, nothing))
    owed = nothing if order.cancelled_at else minus(current_total, minus(received, refunded))
    return Totals(
        line_items=gross,
        discounts=discounts,
        subtotal=subtotal,
        tax=tax,
        shipping=shipping,
        total=total,
        current_discounts=minus(discounts, gone_discounts),
        current_subtotal=current_subtotal,
        current_tax=current_tax,
        current_shipping=current_shipping,
        current_total=current_total,
        received=received,
        refunded=refunded,
        outstanding=positive(owed),
        authorized=authorized,
    )


def _lines(order: Order) -> tuple[Bag, Bag, Bag, Bag, Bag, Bag]:
    """Return gross, discounts and taxes of all lines, and of the units that are gone."""
    shop, presentment = [0] * 6, [0] * 6
    for line in order.lines:
        amounts = (line_gross(line), line_discount(line), line_tax(line))
        is_whole = not line.removed and not line.refunded
        for place, amount in enumerate(amounts):
            shop[place] += amount.shop
            presentment[place] += amount.presentment
            if not is_whole:
                gone = minus(amount, units_of(amount, line, line.refunded, line.kept))
                shop[place + 3] += gone.shop
                presentment[place + 3] += gone.presentment
    bags = [Bag(shop[n], presentment[n], order.currencies) for n in range(6)]
    return bags[0], bags[1], bags[2], bags[3], bags[4], bags[5]


def _shipping(order: Order, nothing: Bag) -> tuple[Bag, Bag, Bag]:
    charged = tax = back = nothing
    for line in order.shipping_lines:
        if not line.is_removed:
            charged, tax = plus(charged, line.discounted), plus(tax, line_tax(line))
    for refund in order.refunds:
        back = plus(back, refund.shipping)
    return charged, tax, back


def _goodwill(order: Order, nothing: Bag) -> Bag:
    total = nothing
    for refund in order.refunds:
        given = plus(refund_lines_value(refund, order), refund.shipping)
        total = plus(total, positive(minus(refund.money, given)))
    return total


def _payments(order: Order, nothing: Bag) -> tuple[Bag, Bag, Bag]:
    received = refunded = authorized = nothing
    for transaction in order.transactions:
        if transaction.status != "SUCCESS":
            continue
        if transaction.kind in CAPTURING:
            received = plus(received, transaction.amount)
        elif transaction.kind == "REFUND":
            refunded = plus(refunded, transaction.amount)
        elif transaction.kind == "AUTHORIZATION":
            authorized = plus(authorized, transaction.amount)
    return received, refunded, authorized


def financial_status(order: Order, totals: Totals) -> str:
    """Return the payment status that the transactions imply."""
    if order.financial_override:
        return order.financial_override
    received, refunded = totals.received.shop, totals.refunded.shop
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if received:
        return (
            "PAID"
            if received >= totals.total.shop or not totals.outstanding.shop
            else ("PARTIALLY_PAID")
        )
    if totals.total.shop == 0:
        return "PAID"
    return "AUTHORIZED" if totals.authorized.shop else "PENDING"


def fulfillment_status(order: Order) -> str:
    """Return the shipping status that the fulfillments imply."""
    if order.fulfillment_override:
        return order.fulfillment_override
    shippable = sum(line.kept for line in order.lines if line.requires_shipping)
    shipped = sum(line.fulfilled for line in order.lines if line.requires_shipping)
    if not shippable:
        return "FULFILLED" if order.fulfillments else "UNFULFILLED"
    if not shipped:
        return "UNFULFILLED"
    waiting = sum(unfulfilled(line) for line in order.lines if line.requires_shipping)
    return "PARTIALLY_FULFILLED" if waiting else "FULFILLED"


def unfulfilled(line: Line) -> int:
    """Return the units still to be shipped: neither shipped, nor edited out, nor given back."""
    return max(line.kept - line.fulfilled - line.withdrawn, 0)


def return_status(order: Order) -> str:
    """Return the state of the order's returns as one word."""
    statuses = {one.status for one in order.returns}
    for status, name in (
        ("OPEN", "IN_PROGRESS"),
        ("REQUESTED", "RETURN_REQUESTED"),
        ("CLOSED", "RETURNED"),
    ):
        if status in statuses:
            return name
    return "NO_RETURN"


def refund_lines_value(refund: Refund, order: Order) -> Bag:
    """Return the value of the refund's lines with tax."""
    total = zero(order.currencies)
    for line in refund.lines:
        total = plus(total, plus(line.net, line.tax))
    return total
