"""Makes order records of a REST order: the body of the orders/* webhooks.

The body says all of an order except its returns and, unless `transactions` is there, the payments
that are not refunds. What it does not say at all is None in the records: `is_edited`,
`return_status`, and when a fulfillment was in transit, delivered or expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.rest_order_events import (
    Rate,
    captured,
    fulfillment,
    fulfillment_lines,
    refund,
    refund_lines,
    refunded,
    transaction,
)
from shared.integrations.shopify.trace import guarded
from shared.money import ZERO
from shared.orders.models import (
    OrderAddress,
    OrderHeader,
    OrderLine,
    OrderParts,
    OrderSummary,
    OrderTransaction,
)
from shared.ports import JsonObject

_FULFILLMENT: Final = {
    None: "UNFULFILLED",
    "": "UNFULFILLED",
    "partial": "PARTIALLY_FULFILLED",
    "not_eligible": "FULFILLMENT_NOT_REQUIRED",
}
_UNPAID: Final = frozenset({"pending", "authorized", "voided", "expired"})


@guarded
def order_parts(body: JsonObject) -> OrderParts:
    """Read the whole body of an order webhook.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.rest_gid("Order", body)
    order_id = v.known_id("ord", gid)
    rate = Rate.of(body)
    refunds = body.get("refunds") or ()
    fulfillments = body.get("fulfillments") or ()
    included = v.claim(body.get("taxes_included"))
    return OrderParts(
        header=_header(body, gid, order_id),
        summary=_summary(body, order_id, rate),
        addresses=tuple(_addresses(body, gid, order_id)),
        lines=tuple([order_line(item, order_id) for item in body.get("line_items") or ()]),
        transactions=tuple(_transactions(body, order_id, rate)),
        refunds=tuple([refund(item, order_id, rate) for item in refunds]),
        refund_lines=tuple(
            line
            for item in refunds
            for line in refund_lines(item, order_id, taxes_included=included)
        ),
        fulfillments=tuple([fulfillment(item, order_id) for item in fulfillments]),
        fulfillment_lines=tuple(
            line for item in fulfillments for line in fulfillment_lines(item, order_id)
        ),
    )


def _header(body: JsonObject, gid: str, order_id: str) -> OrderHeader:
    get = body.get
    customer = get("customer")
    currency = body["currency"]
    return OrderHeader(
        order_id,
        gid,
        v.text(body["name"]),
        v.integer(get("order_number")),
        v.optional(get("confirmation_number")),
        v.known_id("cus", v.rest_gid("Customer", customer)) if customer else None,
        v.email_hash(get("email")),
        v.instant(body["created_at"]),
        v.instant(get("processed_at") or body["created_at"]),
        v.instant(body["updated_at"]),
        v.optional_instant(get("closed_at")),
        v.optional_instant(get("cancelled_at")),
        v.upper(get("cancel_reason")),
        v.claim(get("test")),
        None,
        currency,
        get("presentment_currency") or currency,
        v.claim(get("taxes_included")),
        v.upper(get("financial_status")),
        _fulfillment_status(get("fulfillment_status")),
        None,
        v.optional(get("source_name")),
        v.optional(get("po_number")),
        v.optional(get("note")),
        v.optional(get("customer_locale")),
        v.optional(get("landing_site")),
        v.optional(get("referring_site")),
        v.texts(v.tags(get("tags"))),
        v.texts([item["code"] for item in get("discount_codes") or ()]),
        v.attributes(get("note_attributes"), "name"),
        v.texts(get("payment_gateway_names")),
    )


def _fulfillment_status(value: str | None) -> str | None:
    return _FULFILLMENT[value] if value in _FULFILLMENT else v.upper(value)


def _summary(body: JsonObject, order_id: str, rate: Rate) -> OrderSummary:
    money = v.rest_money
    price, presentment_price = money(body, "total_price")
    subtotal, presentment_subtotal = money(body, "subtotal_price")
    tax, presentment_tax = money(body, "total_tax")
    discounts, presentment_discounts = money(body, "total_discounts")
    shipping, presentment_shipping = money(body, "total_shipping_price")
    current_price = money(body, "current_total_price")[0]
    outstanding = v.amount(body.get("total_outstanding"))
    given_back = sum((refunded(item, rate)[0] for item in body.get("refunds") or ()), ZERO)
    return OrderSummary(
        order_id,
        price,
        subtotal,
        tax,
        discounts,
        shipping,
        current_price,
        money(body, "current_subtotal_price")[0],
        money(body, "current_total_tax")[0],
        money(body, "current_total_discounts")[0],
        _received(body, rate, current_price - outstanding + given_back),
        given_back,
        outstanding,
        presentment_price,
        presentment_subtotal,
        presentment_tax,
        presentment_discounts,
        presentment_shipping,
    )


def _received(body: JsonObject, rate: Rate, settled: Decimal) -> Decimal:
    """Return what the buyer paid: REST says it through transactions, if they are there.

    Otherwise it is what is neither outstanding nor given back, unless the order is unpaid.
    """
    if (payments := body.get("transactions")) is not None:
        return captured(payments, rate)
    return ZERO if body.get("financial_status") in _UNPAID else max(settled, ZERO)


def _addresses(body: JsonObject, gid: str, order_id: str) -> Iterator[OrderAddress]:
    for kind in ("billing", "shipping"):
        if (address := body.get(f"{kind}_address")) is not None:
            yield _address(address, kind, gid, order_id)


def _address(node: JsonObject, kind: str, gid: str, order_id: str) -> OrderAddress:
    get, optional = node.get, v.optional
    return OrderAddress(
        derived_id("adr", gid, kind),
        order_id,
        kind,
        optional(get("first_name")),
        optional(get("last_name")),
        optional(get("company")),
        optional(get("address1")),
        optional(get("address2")),
        optional(get("city")),
        optional(get("province")),
        optional(get("province_code")),
        optional(get("country")),
        optional(get("country_code")),
        optional(get("zip")),
        optional(get("phone")),
    )


def order_line(node: JsonObject, order_id: str) -> OrderLine:
    """Read one of the body's line items."""
    get = node.get
    gid = v.rest_gid("LineItem", node)
    price, presentment_price = v.rest_money(node, "price")
    discount, presentment_discount = _sum(get("discount_allocations"), "amount")
    tax, presentment_tax = _sum(get("tax_lines"), "price")
    title = v.text(get("title"))
    exists = get("product_exists") is not False
    quantity = v.integer(node["quantity"])
    return OrderLine(
        derived_id("oln", gid),
        gid,
        order_id,
        _number_id("prd", "Product", get("product_id")) if exists else None,
        _number_id("var", "ProductVariant", get("variant_id")) if exists else None,
        v.optional(get("sku")),
        v.optional(get("name")) or title,
        title,
        v.optional(get("variant_title")),
        v.optional(get("vendor")),
        quantity,
        quantity if (current := get("current_quantity")) is None else v.integer(current),
        v.claim(get("gift_card")),
        v.claim(get("taxable")),
        v.claim(get("requires_shipping")),
        price,
        discount,
        tax,
        presentment_price,
        presentment_discount,
        presentment_tax,
        v.attributes(get("properties"), "name"),
    )


def _number_id(prefix: str, kind: str, number: int | None) -> str | None:
    gid = v.gid_of(kind, number)
    return None if gid is None else v.known_id(prefix, gid)


def _sum(items: list[JsonObject] | None, name: str) -> v.Pair:
    shop: Decimal = ZERO
    presentment: Decimal = ZERO
    for item in items or ():
        in_shop, in_presentment = v.rest_money(item, name)
        shop += in_shop
        presentment += in_presentment
    return shop, presentment


def _transactions(body: JsonObject, order_id: str, rate: Rate) -> Iterator[OrderTransaction]:
    """Yield the payments of the body: its own list if it has one, and those of its refunds."""
    seen: set[str] = set()
    own = body.get("transactions") or ()
    of_refunds = [
        item for one in body.get("refunds") or () for item in one.get("transactions") or ()
    ]
    for item in (*own, *of_refunds):
        row = transaction(item, order_id, rate)
        if row.id not in seen:
            seen.add(row.id)
            yield row
