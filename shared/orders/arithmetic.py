"""What remains of an order's lines in units and money, by one rule for every event.

Shopify's `current_quantity` leaves out what an edit removed, what was refunded and what an open
or closed return brings back, refunded or not; and a line's discount and tax stay those of the
quantity first ordered. So the units that an edit left are counted back from refunds and returns,
and money is taken pro rata.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.money import to_minor
from shared.orders.models import OrderLine, OrderParts, OrderRefundLine

RETURNING: Final = frozenset({"OPEN", "CLOSED"})
"""The states in which a return has taken its units from the order."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Units and their money in minor units; `net` is after discounts and without tax."""

    quantity: int
    net: int
    presentment_net: int
    discount: int
    tax: int

    def minus(self, other: Amounts) -> Amounts:
        """Return what remains of this once the other is taken away."""
        return Amounts(
            self.quantity - other.quantity,
            self.net - other.net,
            self.presentment_net - other.presentment_net,
            self.discount - other.discount,
            self.tax - other.tax,
        )

    def negated(self) -> Amounts:
        """Return the same, going back."""
        return NOTHING.minus(self)


NOTHING = Amounts(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order says about the money of its lines."""

    currency: str
    presentment_currency: str
    taxes_included: bool


def kept_units(quantity: int, current: int, refunded: int, returning: int) -> int:
    """Return the units of a line that were ordered and not edited out again.

    Args:
        quantity: The units ordered. There are never more, also while Shopify has not yet taken
            those of a return off `current`.
        current: What remains by Shopify's count.
        refunded: The units that were refunded.
        returning: The units of returns that were not refunded, see `returning_units`.
    """
    return max(0, min(quantity, current + refunded + returning))


def returning_units(parts: OrderParts) -> Counter[str]:
    """Return by line the units of open and closed returns that no refund gave back.

    A refund may be known before the return that it is of says so, or after.
    """
    return_of = {refund.id: refund.return_id for refund in parts.refunds}
    given: Counter[tuple[str | None, str]] = Counter()
    for refund in parts.refund_lines:
        given[return_of.get(refund.refund_id), refund.order_line_id] += refund.quantity
    taken: Counter[tuple[str, str]] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    states = {one.id: one.status for one in parts.returns}
    for line in parts.return_lines:
        if line.order_line_id is not None and states.get(line.return_id) in RETURNING:
            taken[line.return_id, line.order_line_id] += line.quantity
            told[line.return_id, line.order_line_id] += line.refunded_quantity
    found: Counter[str] = Counter()
    for of, units in taken.items():
        found[of[1]] += max(0, units - max(told[of], given[of]))
    return found


def kept(
    line: OrderLine, refunds: Sequence[OrderRefundLine], returning: int, terms: Terms
) -> Amounts:
    """Return what was ordered and not edited out again, whether it came back since or not."""
    back = sum(refund.quantity for refund in refunds)
    units = kept_units(line.quantity, line.current_quantity, back, returning)
    if line.quantity == 0:
        return NOTHING
    share = Decimal(units) / Decimal(line.quantity)

    def net(unit_price: Decimal, discount: Decimal, tax: Decimal) -> Decimal:
        total = unit_price * line.quantity - discount - (tax if terms.taxes_included else 0)
        return total * units / line.quantity

    return Amounts(
        units,
        to_minor(net(line.unit_price, line.discount_total, line.tax_total), terms.currency),
        to_minor(
            net(
                line.presentment_unit_price,
                line.presentment_discount_total,
                line.presentment_tax_total,
            ),
            terms.presentment_currency,
        ),
        to_minor(line.discount_total * share, terms.currency),
        to_minor(line.tax_total * share, terms.currency),
    )


def refunded(refund: OrderRefundLine, terms: Terms) -> Amounts:
    """Return what one refund line gives back, as positive amounts."""
    return Amounts(
        refund.quantity,
        to_minor(refund.amount, terms.currency),
        to_minor(refund.presentment_amount, terms.presentment_currency),
        0,
        to_minor(refund.tax, terms.currency),
    )


def rest(
    line: OrderLine, refunds: Sequence[OrderRefundLine], returning: int, terms: Terms
) -> Amounts:
    """Return what a cancellation takes back: the kept units and money less the refunded."""
    remaining = kept(line, refunds, returning, terms)
    for refund in refunds:
        remaining = remaining.minus(refunded(refund, terms))
    return remaining
