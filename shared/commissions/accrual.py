"""What an order earns by its present state: pure, whatever order its facts came in.

A capture earns the rate of its amount, rounded down to the minor unit of the currency it was paid
in. Refunds take back pro rata of all captures of that currency: after each refund, what is left of
a capture's commission is its share of the money that is still the shop's, again rounded down. So
nothing is ever negative nor above the rate of what was captured, and a whole refund leaves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from shared.commissions.models import Earning, Fact
from shared.money import to_minor
from shared.orders.events import captures
from shared.orders.models import OrderParts, OrderRefund, OrderTransaction
from shared.publishers.models import BASIS_POINTS_MAX


def earnings(order: OrderParts, basis_points: int) -> list[Earning]:
    """Return what each successful capture earns, in the order of their times."""
    by_currency: defaultdict[str, list[OrderTransaction]] = defaultdict(list)
    for payment in captures(order):
        if not (payment.is_test or order.header.is_test):
            by_currency[payment.presentment_currency].append(payment)
    return [
        earning
        for currency in sorted(by_currency)
        for earning in _of_currency(by_currency[currency], _refunds(order, currency), basis_points)
    ]


def _refunds(order: OrderParts, currency: str) -> Sequence[OrderRefund]:
    if currency != order.header.presentment_currency:
        return ()
    return sorted(
        (refund for refund in order.refunds if refund.presentment_total_refunded > 0),
        key=lambda refund: (refund.processed_at, refund.id),
    )


def _of_currency(
    payments: Sequence[OrderTransaction], refunds: Sequence[OrderRefund], basis_points: int
) -> Iterator[Earning]:
    amounts = {payment.id: _minor(payment) for payment in payments}
    captured = sum(amounts.values())
    for payment in sorted(payments, key=lambda p: (p.processed_at, p.id)):
        amount = amounts[payment.id]
        earned = amount * basis_points // BASIS_POINTS_MAX
        facts = [Fact("capture", payment.id, payment.processed_at, amount, earned)]
        yield Earning(
            payment.id,
            payment.presentment_currency,
            amount,
            payment.processed_at,
            (*facts, *_reversals(refunds, earned, captured, payment.presentment_currency)),
        )


def _reversals(
    refunds: Sequence[OrderRefund], earned: int, captured: int, currency: str
) -> Iterator[Fact]:
    kept, left = captured, earned
    for refund in refunds:
        money = to_minor(refund.presentment_total_refunded, currency)
        kept = max(0, kept - money)
        rest = earned * kept // captured if captured else 0
        yield Fact("refund", refund.id, refund.processed_at, money, rest - left)
        left = rest


def _minor(payment: OrderTransaction) -> int:
    return max(0, to_minor(payment.presentment_amount, payment.presentment_currency))
