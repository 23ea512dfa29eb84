"""What staff and buyers do to an order: pay, edit, ship, refund, return, cancel.

The generator plays an order's past with these, and tests change the running shop with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from local.shopify.money import Bag, bag, minus, plus, positive, zero
from local.shopify.orders import (
    Edit,
    Fulfillment,
    FulfillmentLine,
    Line,
    Order,
    Refund,
    RefundLine,
    Return,
    ReturnLine,
    Transaction,
)
from local.shopify.totals import (
    CAPTURING,
    line_net,
    line_tax,
    order_totals,
    unfulfilled,
    units_of,
)

_TRANSACTIONS = 6_900_000_000_000
_REFUNDS = 980_000_000_000
_REFUND_LINES = 9_600_000_000_000_000
_FULFILLMENTS = 5_100_000_000_000
_RETURNS = 17_000_000_000
PER_ORDER = 64
FIRST_IDS = {"Refund": _REFUNDS, "Fulfillment": _FULFILLMENTS, "Return": _RETURNS}
"""Where the ids of these children begin; each order has `PER_ORDER` of them."""


def child_id(first: int, order: Order, number: int) -> int:
    """Return the id of an order's n-th child of a kind."""
    return first + order.index * PER_ORDER + number


def pay(
    order: Order,
    kind: str,
    amount: Bag,
    at: int,
    *,
    status: str = "SUCCESS",
    gateway: str | None = None,
    parent: Transaction | None = None,
    error_code: str | None = None,
) -> Transaction:
    """Add a transaction to the order."""
    transaction = Transaction(
        id=child_id(_TRANSACTIONS, order, len(order.transactions)),
        kind=kind,
        status=status,
        gateway=gateway or order.gateway or "manual",
        amount=amount,
        created_at=at,
        processed_at=at,
        test=order.test,
        parent=parent,
        error_code=error_code,
        authorization_expires_at=at + 7 * 86_400 if kind == "AUTHORIZATION" else None,
    )
    order.transactions.append(transaction)
    return transaction


def remove_units(order: Order, line: Line, units: int, at: int) -> None:
    """Edit units of a line out of the order; at most those neither shipped nor given back."""
    units = min(units, unfulfilled(line))
    if units > 0:
        line.removed += units
        _edit(order, at).removed.append((line, units))


def add_line(order: Order, line: Line, at: int) -> None:
    """Edit a line into the order."""
    line.added_at = at
    order.lines.append(line)
    _edit(order, at).added.append(line)


def _edit(order: Order, at: int) -> Edit:
    if not order.edits or order.edits[-1].at != at:
        order.edits.append(Edit(at, [], []))
    return order.edits[-1]


def refundable(order: Order) -> Bag:
    """Return the money received and not given back."""
    totals = order_totals(order)
    return positive(minus(totals.received, totals.refunded))


def refund(
    order: Order,
    units: Sequence[tuple[Line, int]],
    at: int,
    *,
    with_money: bool = True,
    extra: Bag | None = None,
    shipping: Bag | None = None,
    note: str | None = None,
    of_return: Return | None = None,
) -> Refund | None:
    """Give back units, their money, delivery costs and `extra` (goodwill); None if nothing is left.

    Money never exceeds what was received and not yet given back.
    """
    number = len(order.refunds)
    lines = [
        _refund_line(order, line, count, number * 256 + position)
        for position, (line, wanted) in enumerate(units)
        if (count := min(wanted, line.current)) > 0
    ]
    shipping = shipping or zero(order.currencies)
    money = plus(extra or zero(order.currencies), shipping)
    for line in lines:
        money = plus(money, plus(line.net, line.tax))
    money = capped(money, refundable(order)) if with_money else zero(order.currencies)
    if not lines and not money.shop:
        return None
    given = Refund(
        id=child_id(_REFUNDS, order, number),
        created_at=at,
        note=note,
        money=money,
        shipping=capped(shipping, money),
        lines=lines,
        transactions=_pay_back(order, money, at),
        of_return=of_return,
    )
    order.refunds.append(given)
    return given


def capped(amount: Bag, limit: Bag) -> Bag:
    """Return the amount, at most the limit in either currency."""
    if amount.shop >= limit.shop:
        return limit
    return Bag(amount.shop, min(amount.presentment, limit.presentment), amount.currencies)


def _refund_line(order: Order, line: Line, count: int, number: int) -> RefundLine:
    start, stop = line.refunded, line.refunded + count
    net = units_of(line_net(line, taxes_included=order.taxes_included), line, start, stop)
    tax = units_of(line_tax(line), line, start, stop)
    line.refunded = stop
    line.withdrawn = max(line.withdrawn, line.refunded - line.fulfilled)
    restock = "RETURN" if line.fulfilled >= stop else "CANCEL"
    identity = _REFUND_LINES + order.index * 4096 + number
    return RefundLine(identity, line, count, net, tax, restock, order.taxes_included)


def _pay_back(order: Order, money: Bag, at: int) -> list[Transaction]:
    made = []
    for captured in [t for t in order.transactions if _is_capture(t)]:
        back = zero(order.currencies)
        for transaction in order.transactions:
            if transaction.kind == "REFUND" and transaction.parent is captured:
                back = plus(back, transaction.amount)
        part = capped(money, positive(minus(captured.amount, back)))
        if part.shop > 0:
            gateway = captured.gateway
            made.append(pay(order, "REFUND", part, at, gateway=gateway, parent=captured))
            money = minus(money, part)
    return made


def _is_capture(transaction: Transaction) -> bool:
    return transaction.kind in CAPTURING and transaction.status == "SUCCESS"


def refund_everything(order: Order, at: int, *, note: str | None = None) -> Refund | None:
    """Give back every remaining unit, delivery and all the money there is."""
    totals = order_totals(order)
    units = [(line, line.current) for line in order.lines]
    return refund(order, units, at, shipping=totals.current_shipping, note=note)


def cancel(order: Order, at: int, reason: str, *, restock: bool) -> None:
    """Cancel the order, with refund lines (restock) or only by giving the money back."""
    order.cancelled_at, order.cancel_reason = at, reason
    if restock:
        refund_everything(order, at, note="Order canceled")
    else:
        refund(order, (), at, extra=refundable(order), note="Order canceled")
    totals = order_totals(order)
    if totals.authorized.shop and not totals.received.shop:
        opened = next(t for t in order.transactions if t.kind == "AUTHORIZATION")
        pay(order, "VOID", opened.amount, at, parent=opened)
    if not totals.received.shop and totals.total.shop:
        order.financial_override = "VOIDED"


def ship(
    order: Order, units: Sequence[tuple[Line, int]], at: int, *, status: str = "SUCCESS"
) -> Fulfillment | None:
    """Ship units of lines; None if none of them is waiting."""
    number = len(order.fulfillments)
    lines = [
        FulfillmentLine(
            _REFUND_LINES // 2 + order.index * 4096 + number * 256 + position, line, count
        )
        for position, (line, wanted) in enumerate(units)
        if (count := min(wanted, unfulfilled(line))) > 0
    ]
    if not lines:
        return None
    is_physical = any(part.line.requires_shipping for part in lines)
    carrier = ("UPS", f"1Z{order.id}{number}", f"https://ups.example.com/t?n={order.id}/{number}")
    shipment = Fulfillment(
        id=child_id(_FULFILLMENTS, order, number),
        name=f"{order.name}-F{number + 1}",
        status=status,
        display_status="FULFILLED" if status == "SUCCESS" else "CANCELED",
        created_at=at,
        updated_at=at,
        delivered_at=None,
        in_transit_at=None,
        estimated_delivery_at=at + 4 * 86_400 if is_physical else None,
        service="manual" if is_physical else "gift_card",
        tracking=(carrier,) if is_physical else (),
        lines=lines,
    )
    if status == "SUCCESS":
        for part in lines:
            part.line.fulfilled += part.quantity
    order.fulfillments.append(shipment)
    return shipment


def waiting(order: Order) -> list[tuple[Line, int]]:
    """Return every physical line with its units that still wait to be shipped."""
    return [
        (line, unfulfilled(line))
        for line in order.lines
        if line.requires_shipping and unfulfilled(line)
    ]


def request_return(
    order: Order, units: Sequence[tuple[FulfillmentLine, int]], at: int, status: str
) -> Return:
    """Ask to bring shipped units back."""
    number = len(order.returns)
    brought = Return(
        id=child_id(_RETURNS, order, number),
        name=f"{order.name}-R{number + 1}",
        status=status,
        created_at=at,
        approved_at=None if status in {"REQUESTED", "DECLINED"} else at,
        closed_at=None,
        lines=[],
    )
    for position, (shipped, count) in enumerate(units):
        identity = child_id(_RETURNS * 10, order, number * 8 + position)
        brought.lines.append(ReturnLine(identity, shipped, count, 0, "SIZE_TOO_SMALL", "zu klein"))
    order.returns.append(brought)
    if status == "OPEN":
        approve_return(brought, at)
    return brought


def approve_return(brought: Return, at: int) -> None:
    """Open the return: its units, as far as they are still there, leave the order."""
    brought.status, brought.approved_at = "OPEN", at
    for part in brought.lines:
        line = part.shipped.line
        part.quantity = min(part.quantity, line.current)
        line.returning += part.quantity


def exchange(order: Order, brought: Return, line: Line, at: int) -> None:
    """Put a line into the order in exchange for what a return brings back: that is no edit."""
    line.added_at = at
    order.lines.append(line)
    brought.exchanged.append(line)


def close_return(order: Order, brought: Return, at: int) -> Refund | None:
    """Take the units back and give their money back."""
    if brought.status != "OPEN":
        approve_return(brought, at)
    brought.status, brought.closed_at = "CLOSED", at
    for part in brought.lines:
        part.shipped.line.returning -= part.quantity
        part.refunded = part.quantity
    units = [(part.shipped.line, part.quantity) for part in brought.lines]
    return refund(order, units, at, of_return=brought)


def goodwill(order: Order, shop_minor: int, at: int, note: str | None = None) -> Refund | None:
    """Give money back without any line."""
    return refund(order, (), at, extra=bag(shop_minor, order.currencies), note=note)
