"""What remains of an order's lines in units and money, by one rule for every event.

Shopify's `current_quantity` leaves out both what an edit removed and what was refunded, and a
line's discount and tax stay those of the quantity first ordered: so the units that an edit left
are counted back from the refunds, and money is taken pro rata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.money import to_minor
from shared.orders.models import OrderLine, OrderRefundLine


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


def kept(line: OrderLine, refunds: Sequence[OrderRefundLine], terms: Terms) -> Amounts:
    """Return what was ordered and not edited out again, whether refunded since or not."""
    back = sum(refund.quantity for refund in refunds)
    units = max(0, min(line.quantity, line.current_quantity + back))
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


def rest(line: OrderLine, refunds: Sequence[OrderRefundLine], terms: Terms) -> Amounts:
    """Return what a cancellation takes back: the kept units and money less the refunded."""
    remaining = kept(line, refunds, terms)
    for refund in refunds:
        remaining = remaining.minus(refunded(refund, terms))
    return remaining
