"""Makes order records of GraphQL nodes: rows of a bulk result and whole orders read by id.

The functions are called once per row of a bulk result: direct access, positional construction.
"""

from __future__ import annotations

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.money import ZERO
from shared.orders.models import (
    Fulfillment,
    FulfillmentLine,
    OrderAddress,
    OrderHeader,
    OrderLine,
    OrderParts,
    OrderRefund,
    OrderRefundLine,
    OrderReturn,
    OrderReturnLine,
    OrderSummary,
    OrderTransaction,
)
from shared.ports import JsonObject


@guarded
def order_parts(node: JsonObject) -> OrderParts:
    """Read the root row of an order with its inline lists; its connections come in other rows.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.plain_gid(node["id"])
    order_id = v.known_id("ord", gid)
    return OrderParts(
        header=_header(node, gid, order_id),
        summary=_summary(node, order_id),
        addresses=_addresses(node, gid, order_id),
        transactions=tuple([_transaction(item, order_id) for item in _list(node, "transactions")]),
        refunds=tuple([_refund(item, order_id) for item in _list(node, "refunds")]),
        fulfillments=tuple([_fulfillment(item, order_id) for item in _list(node, "fulfillments")]),
    )


def _list(node: JsonObject, name: str) -> list[JsonObject]:
    """Return a list field without the nulls that Shopify leaves in lists of failed fields."""
    items: list[JsonObject | None] | None = node.get(name)
    return [item for item in items if item is not None] if items else []


def _header(node: JsonObject, gid: str, order_id: str) -> OrderHeader:
    get = node.get
    landing_site, referring_site = _visit(get("customerJourneySummary"))
    currency = node["currencyCode"]
    return OrderHeader(
        order_id,
        gid,
        v.text(node["name"]),
        v.integer(get("number")),
        v.optional(get("confirmationNumber")),
        v.ref_id("cus", get("customer")),
        v.email_hash(get("email")),
        v.instant(node["createdAt"]),
        v.instant(get("processedAt") or node["createdAt"]),
        v.instant(node["updatedAt"]),
        v.optional_instant(get("closedAt")),
        v.optional_instant(get("cancelledAt")),
        v.upper(get("cancelReason")),
        v.claim(get("test")),
        v.claim(get("edited")),
        currency,
        get("presentmentCurrencyCode") or currency,
        v.claim(get("taxesIncluded")),
        v.upper(get("displayFinancialStatus")),
        v.upper(get("displayFulfillmentStatus")),
        v.upper(get("returnStatus")),
        v.optional(get("sourceName")),
        v.optional(get("poNumber")),
        v.optional(get("note")),
        v.optional(get("customerLocale")),
        landing_site,
        referring_site,
        v.texts(v.tags(get("tags"))),
        v.texts(get("discountCodes")),
        v.attributes(get("customAttributes")),
        v.texts(get("paymentGatewayNames")),
    )


def _visit(journey: JsonObject | None) -> tuple[str | None, str | None]:
    """Return landing page and referrer of the visit that led to the order."""
    if journey is None:
        return None, None
    visit = journey.get("lastVisit") or journey.get("firstVisit")
    if visit is None:
        return None, None
    return v.optional(visit.get("landingPage")), v.optional(visit.get("referrerUrl"))


def _summary(node: JsonObject, order_id: str) -> OrderSummary:
    get, money, shop_money = node.get, v.money, v.shop_money
    price, presentment_price = money(node["totalPriceSet"])
    subtotal, presentment_subtotal = money(get("subtotalPriceSet"))
    tax, presentment_tax = money(get("totalTaxSet"))
    discounts, presentment_discounts = money(get("totalDiscountsSet"))
    shipping, presentment_shipping = money(get("totalShippingPriceSet"))
    return OrderSummary(
        order_id,
        price,
        subtotal,
        tax,
        discounts,
        shipping,
        shop_money(get("currentTotalPriceSet")),
        shop_money(get("currentSubtotalPriceSet")),
        shop_money(get("currentTotalTaxSet")),
        shop_money(get("currentTotalDiscountsSet")),
        shop_money(get("totalReceivedSet")),
        shop_money(get("totalRefundedSet")),
        shop_money(get("totalOutstandingSet")),
        presentment_price,
        presentment_subtotal,
        presentment_tax,
        presentment_discounts,
        presentment_shipping,
    )


def _addresses(node: JsonObject, gid: str, order_id: str) -> tuple[OrderAddress, ...]:
    found = []
    if (billing := node.get("billingAddress")) is not None:
        found.append(_address(billing, "billing", gid, order_id))
    if (shipping := node.get("shippingAddress")) is not None:
        found.append(_address(shipping, "shipping", gid, order_id))
    return tuple(found)


def _address(node: JsonObject, kind: str, gid: str, order_id: str) -> OrderAddress:
    get, optional = node.get, v.optional
    return OrderAddress(
        derived_id("adr", gid, kind),
        order_id,
        kind,
        optional(get("firstName")),
        optional(get("lastName")),
        optional(get("company")),
        optional(get("address1")),
        optional(get("address2")),
        optional(get("city")),
        optional(get("province")),
        optional(get("provinceCode")),
        optional(get("country")),
        optional(get("countryCodeV2")),
        optional(get("zip")),
        optional(get("phone")),
    )


def _transaction(node: JsonObject, order_id: str) -> OrderTransaction:
    get, bag = node.get, node["amountSet"]
    gid = v.plain_gid(node["id"])
    amount, presentment_amount = v.money(bag)
    currency = bag["shopMoney"]["currencyCode"]
    return OrderTransaction(
        derived_id("txn", gid),
        gid,
        order_id,
        v.ref_id("txn", get("parentTransaction")),
        v.upper(node["kind"]) or "",
        v.upper(node["status"]) or "",
        v.optional(get("gateway")),
        v.claim(get("test")),
        amount,
        currency,
        presentment_amount,
        (bag.get("presentmentMoney") or bag["shopMoney"])["currencyCode"],
        v.instant(node["createdAt"]),
        v.instant(get("processedAt") or node["createdAt"]),
        v.upper(get("errorCode")),
    )


def _refund(node: JsonObject, order_id: str) -> OrderRefund:
    get = node.get
    gid = v.plain_gid(node["id"])
    total, presentment_total = v.money(get("totalRefundedSet"))
    return OrderRefund(
        v.known_id("rfd", gid),
        gid,
        order_id,
        v.ref_id("ret", get("return")),
        v.instant(get("createdAt") or node["processedAt"]),
        v.instant(get("processedAt") or node["createdAt"]),
        total,
        presentment_total,
        v.optional(get("note")),
    )


def _fulfillment(node: JsonObject, order_id: str) -> Fulfillment:
    get = node.get
    gid = v.plain_gid(node["id"])
    service = get("service")
    return Fulfillment(
        v.known_id("ful", gid),
        gid,
        order_id,
        v.optional(get("name")),
        v.upper(node["status"]) or "",
        v.upper(get("displayStatus")),
        v.instant(node["createdAt"]),
        v.instant(get("updatedAt") or node["createdAt"]),
        v.optional_instant(get("deliveredAt")),
        v.optional_instant(get("inTransitAt")),
        v.optional_instant(get("estimatedDeliveryAt")),
        v.integer(get("totalQuantity")),
        None if service is None else v.optional(service.get("handle")),
        v.tracking(
            (item.get("company"), item.get("number"), item.get("url"))
            for item in _list(node, "trackingInfo")
        ),
    )


@guarded
def order_line(node: JsonObject, order_gid: str) -> OrderLine:
    """Read the row of one order line.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    get = node.get
    gid = v.plain_gid(node["id"])
    price, presentment_price = v.money(node["originalUnitPriceSet"])
    discount, presentment_discount = _sum(get("discountAllocations"), "allocatedAmountSet")
    tax, presentment_tax = _sum(get("taxLines"), "priceSet")
    title = v.text(get("title"))
    return OrderLine(
        derived_id("oln", gid),
        gid,
        v.known_id("ord", order_gid),
        v.ref_id("prd", get("product")),
        v.ref_id("var", get("variant")),
        v.optional(get("sku")),
        v.optional(get("name")) or title,
        title,
        v.optional(get("variantTitle")),
        v.optional(get("vendor")),
        v.integer(node["quantity"]),
        v.integer(node["currentQuantity"]),
        v.claim(get("isGiftCard")),
        v.claim(get("taxable")),
        v.claim(get("requiresShipping")),
        price,
        discount,
        tax,
        presentment_price,
        presentment_discount,
        presentment_tax,
        v.attributes(get("customAttributes")),
    )


def _sum(items: list[JsonObject] | None, name: str) -> v.Pair:
    """Return the sums of the MoneyBags of a list; the usual empty list costs nothing."""
    shop = presentment = ZERO
    if items:
        for item in items:
            in_shop, in_presentment = v.money(item[name])
            shop += in_shop
            presentment += in_presentment
    return shop, presentment


@guarded
def return_(node: JsonObject, order_gid: str) -> OrderReturn:
    """Read the row of one return.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.plain_gid(node["id"])
    return OrderReturn(
        v.known_id("ret", gid),
        gid,
        v.known_id("ord", order_gid),
        v.optional(node.get("name")),
        v.upper(node["status"]) or "",
        v.instant(node["createdAt"]),
        v.optional_instant(node.get("closedAt")),
        v.integer(node.get("totalQuantity")),
    )


@guarded
def return_line(node: JsonObject, return_gid: str, order_gid: str) -> OrderReturnLine:
    """Read the row of one return line; its order is that of the return, its parent row.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.plain_gid(node["id"])
    shipped = node.get("fulfillmentLineItem")
    return OrderReturnLine(
        derived_id("rtl", gid),
        gid,
        v.known_id("ord", order_gid),
        v.known_id("ret", return_gid),
        v.ref_id("oln", shipped.get("lineItem")) if shipped else None,
        v.integer(node["quantity"]),
        v.integer(node.get("refundedQuantity")),
    )


@guarded
def refund_line(
    node: JsonObject, refund_gid: str, order_gid: str, *, taxes_included: bool
) -> OrderRefundLine:
    """Read one refunded line of a refund that was read by id.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    line_gid = v.plain_gid(node["lineItem"]["id"])
    amount, presentment_amount = v.money(node["subtotalSet"])
    tax, presentment_tax = v.money(node.get("totalTaxSet"))
    if taxes_included:
        amount, presentment_amount = amount - tax, presentment_amount - presentment_tax
    return OrderRefundLine(
        derived_id("rfl", v.plain_gid(refund_gid), line_gid),
        v.known_id("ord", order_gid),
        v.known_id("rfd", refund_gid),
        v.known_id("oln", line_gid),
        v.integer(node["quantity"]),
        amount,
        tax,
        presentment_amount,
        presentment_tax,
    )


@guarded
def fulfillment_line(node: JsonObject, fulfillment_gid: str, order_gid: str) -> FulfillmentLine:
    """Read one line of a fulfillment that was read by id.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    line_gid = v.plain_gid(node["lineItem"]["id"])
    return FulfillmentLine(
        derived_id("fll", v.plain_gid(fulfillment_gid), line_gid),
        v.known_id("ord", order_gid),
        v.known_id("ful", fulfillment_gid),
        v.known_id("oln", line_gid),
        v.integer(node.get("quantity")),
    )
