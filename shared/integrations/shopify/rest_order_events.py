"""Makes records of what happens to an order in REST: transactions, refunds, fulfillments.

They stand inside a REST order and are the whole body of their own webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.money import ZERO, exponent
from shared.orders.models import (
    Fulfillment,
    FulfillmentLine,
    OrderRefund,
    OrderRefundLine,
    OrderTransaction,
)
from shared.ports import JsonObject

_CAPTURING: Final = frozenset({"CAPTURE", "SALE"})
_DISPLAY: Final = {"SUCCESS": "FULFILLED", "CANCELLED": "CANCELED"}
"""How GraphQL displays a fulfillment that no carrier has reported on."""


class Rate(NamedTuple):
    """An order's currencies and totals: REST states a transaction in one of them only."""

    shop: str
    presentment: str
    shop_total: Decimal
    presentment_total: Decimal

    @classmethod
    def of(cls, order: JsonObject) -> Rate:
        """Read the rate out of a REST order."""
        shop_total, presentment_total = v.rest_money(order, "total_price")
        currency = order["currency"]
        return cls(
            currency, order.get("presentment_currency") or currency, shop_total, presentment_total
        )

    def both(self, amount: Decimal, currency: str) -> v.Pair:
        """Return an amount in (shop, presentment) currency."""
        if self.shop == self.presentment:
            return amount, amount
        if currency == self.shop:
            return amount, self._convert(
                amount, self.shop_total, self.presentment_total, self.presentment
            )
        return (
            self._convert(amount, self.presentment_total, self.shop_total, self.shop),
            amount,
        )

    @staticmethod
    def _convert(amount: Decimal, source: Decimal, target: Decimal, currency: str) -> Decimal:
        if amount == source or not source:
            return target if amount == source else amount
        unit = Decimal(1).scaleb(-exponent(currency))
        return (amount * target / source).quantize(unit, ROUND_HALF_EVEN)


def transaction(node: JsonObject, order_id: str, rate: Rate) -> OrderTransaction:
    """Read one payment transaction."""
    get = node.get
    gid = v.rest_gid("OrderTransaction", node)
    parent = v.gid_of("OrderTransaction", get("parent_id"))
    shop, presentment = rate.both(v.amount(get("amount")), get("currency") or rate.presentment)
    return OrderTransaction(
        derived_id("txn", gid),
        gid,
        order_id,
        None if parent is None else v.known_id("txn", parent),
        v.upper(node["kind"]) or "",
        v.upper(node["status"]) or "",
        v.optional(get("gateway")),
        v.claim(get("test")),
        shop,
        rate.shop,
        presentment,
        rate.presentment,
        v.instant(node["created_at"]),
        v.instant(get("processed_at") or node["created_at"]),
        v.upper(get("error_code")),
    )


def captured(payments: Iterable[JsonObject], rate: Rate) -> Decimal:
    """Return the money that was received, in the shop's currency."""
    total = ZERO
    for item in payments:
        if v.upper(item["kind"]) in _CAPTURING and v.upper(item["status"]) == "SUCCESS":
            currency = item.get("currency") or rate.presentment
            total += rate.both(v.amount(item.get("amount")), currency)[0]
    return total


def refunded(node: JsonObject, rate: Rate) -> v.Pair:
    """Return the money that a refund gave back: its successful refund transactions."""
    shop = presentment = ZERO
    for item in node.get("transactions") or ():
        if v.upper(item["kind"]) == "REFUND" and v.upper(item["status"]) == "SUCCESS":
            pair = rate.both(v.amount(item.get("amount")), item.get("currency") or rate.presentment)
            shop += pair[0]
            presentment += pair[1]
    return shop, presentment


def refund(node: JsonObject, order_id: str, rate: Rate) -> OrderRefund:
    """Read the head of one refund."""
    get = node.get
    gid = v.rest_gid("Refund", node)
    of_return = get("return")
    shop, presentment = refunded(node, rate)
    return OrderRefund(
        v.known_id("rfd", gid),
        gid,
        order_id,
        v.known_id("ret", v.rest_gid("Return", of_return)) if of_return else None,
        v.instant(get("created_at") or node["processed_at"]),
        v.instant(get("processed_at") or node["created_at"]),
        shop,
        presentment,
        v.optional(get("note")),
    )


def refund_lines(
    node: JsonObject, order_id: str, *, taxes_included: bool
) -> Iterator[OrderRefundLine]:
    """Yield what a refund takes back, one record per order line."""
    gid = v.rest_gid("Refund", node)
    by_line: dict[str, list[JsonObject]] = {}
    for item in node.get("refund_line_items") or ():
        line_gid = v.gid_of("LineItem", item["line_item_id"]) or ""
        by_line.setdefault(line_gid, []).append(item)
    for line_gid, items in by_line.items():
        yield _refund_line(items, gid, line_gid, order_id, taxes_included=taxes_included)


def _refund_line(
    items: list[JsonObject], gid: str, line_gid: str, order_id: str, *, taxes_included: bool
) -> OrderRefundLine:
    amount = tax = presentment_amount = presentment_tax = ZERO
    for item in items:
        shop, presentment = v.rest_money(item, "subtotal")
        shop_tax, in_presentment = v.rest_money(item, "total_tax")
        amount += shop
        tax += shop_tax
        presentment_amount += presentment
        presentment_tax += in_presentment
    return OrderRefundLine(
        derived_id("rfl", gid, line_gid),
        order_id,
        v.known_id("rfd", gid),
        v.known_id("oln", line_gid),
        sum(v.integer(item["quantity"]) for item in items),
        amount - tax if taxes_included else amount,
        tax,
        presentment_amount - presentment_tax if taxes_included else presentment_amount,
        presentment_tax,
    )


def fulfillment(node: JsonObject, order_id: str) -> Fulfillment:
    """Read the head of one fulfillment."""
    get = node.get
    gid = v.rest_gid("Fulfillment", node)
    status = v.upper(node["status"]) or ""
    return Fulfillment(
        v.known_id("ful", gid),
        gid,
        order_id,
        v.optional(get("name")),
        status,
        v.upper(get("shipment_status")) or _DISPLAY.get(status),
        v.instant(node["created_at"]),
        v.instant(get("updated_at") or node["created_at"]),
        None,
        None,
        None,
        sum(v.integer(item["quantity"]) for item in get("line_items") or ()),
        v.optional(get("service")),
        v.tracking(_tracking(node)),
    )


def _tracking(node: JsonObject) -> Iterator[tuple[str | None, str | None, str | None]]:
    """Yield (company, number, url) of every parcel; REST keeps them in parallel lists."""
    numbers = node.get("tracking_numbers") or _one(node.get("tracking_number"))
    urls = node.get("tracking_urls") or _one(node.get("tracking_url"))
    for index in range(max(len(numbers), len(urls))):
        yield (
            node.get("tracking_company"),
            numbers[index] if index < len(numbers) else None,
            urls[index] if index < len(urls) else None,
        )


def _one(value: str | None) -> list[str]:
    return [value] if value else []


def fulfillment_lines(node: JsonObject, order_id: str) -> Iterator[FulfillmentLine]:
    """Yield what a fulfillment ships, one record per order line."""
    gid = v.rest_gid("Fulfillment", node)
    shipped: dict[str, int] = {}
    for item in node.get("line_items") or ():
        line_gid = v.rest_gid("LineItem", item)
        shipped[line_gid] = shipped.get(line_gid, 0) + v.integer(item["quantity"])
    for line_gid, quantity in shipped.items():
        yield FulfillmentLine(
            derived_id("fll", gid, line_gid),
            order_id,
            v.known_id("ful", gid),
            v.known_id("oln", line_gid),
            quantity,
        )
