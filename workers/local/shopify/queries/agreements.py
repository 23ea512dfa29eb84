"""Sales agreements: the ledger of an order, from which every unit and amount can be followed.

An order opens with one agreement; each edit, return and refund adds one. A sale's quantity and
amounts are negative where something is taken back; `total` is after discounts and with tax.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.shopify.money import Bag, minus, part_of, plus, zero
from local.shopify.orders import Edit, Line, Order, Refund, Return, ShippingLine
from local.shopify.totals import line_discount, line_net, line_tax, units_of

_SALES_PER_ORDER = 4_096


@dataclass(slots=True)
class Sale:
    """One movement in an agreement."""

    gid: str
    type: str
    """The concrete type of GraphQL: ProductSale, ShippingLineSale, GiftCardSale, AdjustmentSale."""
    action: str
    line_type: str
    quantity: int | None
    total: Bag
    tax: Bag
    discount: Bag
    line: Line | None = None
    shipping_line: ShippingLine | None = None


@dataclass(slots=True)
class Agreement:
    """One agreement between shop and buyer."""

    gid: str
    type: str
    happened_at: int
    reason: str
    sales: list[Sale]
    refund: Refund | None = None
    of_return: Return | None = None


def agreements_of(order: Order) -> list[Agreement]:
    """Return the order's agreements in the order in which they happened."""
    later = [_edited(order, edit) for edit in order.edits]
    later += [found for brought in order.returns for found in _returned(order, brought)]
    later += [_refunded(refund) for refund in order.refunds]
    ordered = [_opening(order), *sorted(later, key=lambda found: found.happened_at)]
    sales = 0
    for number, agreement in enumerate(ordered):
        agreement.gid = f"gid://shopify/{agreement.type}/{order.id + number}"
        for sale in agreement.sales:
            number_of_sale = order.index * _SALES_PER_ORDER + sales
            sale.gid = f"gid://shopify/{sale.type}/{8_100_000_000_000 + number_of_sale}"
            sales += 1
    return ordered


def _returned(order: Order, brought: Return) -> list[Agreement]:
    """Return the agreement on a return, and one for each line that is sent in exchange."""
    made = [Agreement("", "ReturnAgreement", brought.created_at, "RETURN", [])]
    for line in brought.exchanged:
        sold, at = _sold(order, line, "ORDER"), line.added_at or brought.created_at
        made.append(Agreement("", "ReturnAgreement", at, "RETURN", [sold]))
    for agreement in made:
        agreement.of_return = brought
    return made


def _opening(order: Order) -> Agreement:
    sales = [_sold(order, line, "ORDER") for line in order.lines if line.added_at is None]
    for shipping in order.shipping_lines:
        tax, none = line_tax(shipping), zero(order.currencies)
        total = shipping.discounted if order.taxes_included else plus(shipping.discounted, tax)
        discount = minus(shipping.price, shipping.discounted)
        sale = Sale("", "ShippingLineSale", "ORDER", "SHIPPING", 1, total, tax, discount)
        sale.shipping_line = shipping
        if shipping.is_removed:
            sale.total = sale.tax = none
        sales.append(sale)
    return Agreement("", "OrderAgreement", order.processed_at, "ORDER", sales)


def _sold(order: Order, line: Line, action: str) -> Sale:
    tax, discount = line_tax(line), line_discount(line)
    net = line_net(line, taxes_included=order.taxes_included)
    return _line_sale(line, action, line.quantity, (net, tax, discount))


def _line_sale(line: Line, action: str, quantity: int, amounts: tuple[Bag, Bag, Bag]) -> Sale:
    net, tax, discount = amounts
    kind = "GiftCardSale" if line.is_gift_card else "ProductSale"
    line_type = "GIFT_CARD" if line.is_gift_card else "PRODUCT"
    return Sale("", kind, action, line_type, quantity, plus(net, tax), tax, discount, line)


def _edited(order: Order, edit: Edit) -> Agreement:
    sales = []
    for line, count in edit.removed:
        start, stop = line.quantity - count, line.quantity
        tax = units_of(line_tax(line), line, start, stop)
        net = units_of(line_net(line, taxes_included=order.taxes_included), line, start, stop)
        discount = part_of(line_discount(line), count, line.quantity)
        sales.append(_line_sale(line, "RETURN", -count, (_back(net), _back(tax), _back(discount))))
    sales += [_sold(order, line, "ORDER") for line in edit.added]
    return Agreement("", "OrderEditAgreement", edit.at, "ORDER_EDIT", sales)


def _refunded(refund: Refund) -> Agreement:
    sales = []
    for part in refund.lines:
        discount = part_of(line_discount(part.line), part.quantity, part.line.quantity)
        amounts = (_back(part.net), _back(part.tax), _back(discount))
        sales.append(_line_sale(part.line, "RETURN", -part.quantity, amounts))
    if refund.shipping.shop:
        sales.append(_money_back("ShippingLineSale", "SHIPPING", refund.shipping))
    if not refund.lines and not refund.shipping.shop:
        sales.append(_money_back("AdjustmentSale", "ADJUSTMENT", refund.money))
    return Agreement("", "RefundAgreement", refund.created_at, "REFUND", sales, refund)


def _money_back(kind: str, line_type: str, amount: Bag) -> Sale:
    nothing = zero(amount.currencies)
    return Sale("", kind, "RETURN", line_type, None, _back(amount), nothing, nothing)


def _back(amount: Bag) -> Bag:
    return Bag(-amount.shop, -amount.presentment, amount.currencies)
