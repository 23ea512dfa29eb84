"""The fields of an order's lines, payments, refunds, shipments, returns and agreements."""

from __future__ import annotations

from local.shopify.money import Bag, graphql_text, minus, part_of, plus, zero
from local.shopify.orders import (
    DiscountApplication,
    Fulfillment,
    FulfillmentLine,
    Line,
    Transaction,
)
from local.shopify.queries.agreements import Agreement, Sale
from local.shopify.queries.fields import (
    Field,
    Fields,
    Kind,
    Reference,
    connection,
    constant,
    from_store,
    many,
    moment,
    one,
    read,
)
from local.shopify.store import Store
from local.shopify.totals import line_discount, line_gross, unfulfilled
from shared.ports import JsonObject

LOCATION = Reference("gid://shopify/Location/655441491", "Main warehouse")


def _product(line: Line, _: JsonObject, store: Store) -> object:
    return store.product(line.product_id)


def _variant(line: Line, _: JsonObject, store: Store) -> object:
    return store.variant(line.product_id, line.variant_id)


def own_discount(line: Line) -> Bag:
    """Return the discounts given on this line alone, which Shopify calls line-level."""
    total = zero(line.unit_price.currencies)
    for allocation in line.discounts:
        if allocation.application.target_selection != "ALL":
            total = plus(total, allocation.amount)
    return total


def _discounted_total(line: Line) -> Bag:
    return minus(line_gross(line), own_discount(line))


def _unit_after_all(line: Line) -> Bag:
    return part_of(minus(line_gross(line), line_discount(line)), 1, line.quantity)


def _part_total(part: FulfillmentLine) -> Bag:
    value = minus(line_gross(part.line), line_discount(part.line))
    return part_of(value, part.quantity, part.line.quantity)


def _manual(transaction: Transaction) -> bool:
    return transaction.gateway in {"manual", "Cash on Delivery (COD)"}


def _discount_value(application: DiscountApplication) -> object:
    if application.value is not None:
        return application.value.shop, application.value.currencies.shop
    return application


def _service(fulfillment: Fulfillment) -> Reference:
    return Reference("gid://shopify/FulfillmentService/1?id=true", fulfillment.service)


_LINE: Fields = {
    "id": read("gid"),
    "sku": read("sku"),
    "name": read("name"),
    "title": read("title"),
    "variantTitle": read("variant_title"),
    "vendor": read("vendor"),
    "quantity": read("quantity"),
    "currentQuantity": read("current"),
    "refundableQuantity": read("unrefunded"),
    "unfulfilledQuantity": Field(unfulfilled),
    "fulfillableQuantity": Field(unfulfilled),
    "nonFulfillableQuantity": Field(lambda line: line.quantity - unfulfilled(line)),
    "requiresShipping": read("requires_shipping"),
    "isGiftCard": read("is_gift_card"),
    "taxable": read("taxable"),
    "product": from_store(_product, Kind.OBJECT, "Product"),
    "variant": from_store(_variant, Kind.OBJECT, "ProductVariant"),
    "customAttributes": many("Attribute", "custom_attributes"),
    "originalUnitPriceSet": one("MoneyBag", "unit_price"),
    "originalTotalSet": one("MoneyBag", line_gross),
    "discountedUnitPriceSet": one(
        "MoneyBag", lambda line: part_of(_discounted_total(line), 1, line.quantity)
    ),
    "discountedTotalSet": one("MoneyBag", _discounted_total),
    "discountedUnitPriceAfterAllDiscountsSet": one("MoneyBag", _unit_after_all),
    "totalDiscountSet": one("MoneyBag", own_discount),
    "taxLines": many("TaxLine", "tax_lines"),
    "discountAllocations": many("DiscountAllocation", "discounts"),
    "lineItemGroup": one("LineItemGroup", lambda _: None),
}

_TRANSACTION: Fields = {
    "id": read("gid"),
    "kind": read("kind"),
    "status": read("status"),
    "test": read("test"),
    "gateway": read("gateway"),
    "formattedGateway": Field(lambda found: found.gateway.replace("_", " ").title()),
    "createdAt": moment("created_at"),
    "processedAt": moment("processed_at"),
    "authorizationExpiresAt": moment("authorization_expires_at"),
    "errorCode": read("error_code"),
    "paymentId": Field(lambda found: f"c{found.id}.1"),
    "manualPaymentGateway": Field(_manual),
    "amountSet": one("MoneyBag", "amount"),
    "parentTransaction": one("OrderTransaction", "parent"),
}

_REFUND: Fields = {
    "id": read("gid"),
    "legacyResourceId": Field(lambda refund: str(refund.id)),
    "createdAt": moment("created_at"),
    "processedAt": moment("created_at"),
    "updatedAt": moment("created_at"),
    "note": read("note"),
    "totalRefundedSet": one("MoneyBag", "money"),
    "return": one("Return", "of_return"),
    "refundLineItems": connection("RefundLineItem", "lines"),
    "transactions": connection("OrderTransaction", "transactions"),
}

_FULFILLMENT: Fields = {
    "id": read("gid"),
    "legacyResourceId": Field(lambda found: str(found.id)),
    "name": read("name"),
    "status": read("status"),
    "displayStatus": read("display_status"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "deliveredAt": moment("delivered_at"),
    "inTransitAt": moment("in_transit_at"),
    "estimatedDeliveryAt": moment("estimated_delivery_at"),
    "totalQuantity": Field(lambda found: sum(part.quantity for part in found.lines)),
    "requiresShipping": Field(lambda found: found.service == "manual"),
    "location": one("Location", lambda _: LOCATION),
    "service": one("FulfillmentService", _service),
    "trackingInfo": many("FulfillmentTrackingInfo", "tracking"),
    "fulfillmentLineItems": connection("FulfillmentLineItem", "lines"),
}

_SALE: Fields = {
    "id": read("gid"),
    "actionType": read("action"),
    "lineType": read("line_type"),
    "quantity": read("quantity"),
    "totalAmount": one("MoneyBag", "total"),
    "totalTaxAmount": one("MoneyBag", "tax"),
    "totalDiscountAmountBeforeTaxes": one("MoneyBag", "discount"),
    "totalDiscountAmountAfterTaxes": one("MoneyBag", "discount"),
    "lineItem": one("LineItem", "line"),
    "shippingLine": one("ShippingLine", "shipping_line"),
}

_AGREEMENT: Fields = {
    "id": read("gid"),
    "happenedAt": moment("happened_at"),
    "reason": read("reason"),
    "app": one("App", lambda _: Reference("gid://shopify/App/1354745")),
    "sales": connection("Sale", "sales"),
    "refund": one("Refund", "refund"),
    "return": one("Return", "of_return"),
}

_DISCOUNT: Fields = {
    "index": read("index"),
    "targetType": read("target_type"),
    "targetSelection": read("target_selection"),
    "allocationMethod": read("allocation_method"),
    "value": one("PricingValue", _discount_value),
    "code": read("title"),
    "title": read("title"),
    "description": read("title"),
}

TYPES: dict[str, Fields] = {
    "LineItem": _LINE,
    "LineItemGroup": {"id": constant(None), "title": constant(None), "quantity": constant(1)},
    "ShippingLine": {
        "id": read("gid"),
        "title": read("title"),
        "code": read("code"),
        "source": read("source"),
        "carrierIdentifier": constant(None),
        "isRemoved": read("is_removed"),
        "originalPriceSet": one("MoneyBag", "price"),
        "discountedPriceSet": one("MoneyBag", "discounted"),
        "taxLines": many("TaxLine", "tax_lines"),
    },
    "OrderTransaction": _TRANSACTION,
    "Refund": _REFUND,
    "RefundLineItem": {
        "id": read("gid"),
        "lineItem": one("LineItem", "line"),
        "quantity": read("quantity"),
        "restockType": read("restock_type"),
        "restocked": constant(value=True),
        "priceSet": one("MoneyBag", "line.unit_price"),
        "subtotalSet": one("MoneyBag", "subtotal"),
        "totalTaxSet": one("MoneyBag", "tax"),
    },
    "Fulfillment": _FULFILLMENT,
    "FulfillmentLineItem": {
        "id": read("gid"),
        "lineItem": one("LineItem", "line"),
        "quantity": read("quantity"),
        "discountedTotalSet": one("MoneyBag", _part_total),
    },
    "FulfillmentTrackingInfo": {
        "company": Field(lambda info: info[0]),
        "number": Field(lambda info: info[1]),
        "url": Field(lambda info: info[2]),
    },
    "Return": {
        "id": read("gid"),
        "name": read("name"),
        "status": read("status"),
        "createdAt": moment("created_at"),
        "requestApprovedAt": moment("approved_at"),
        "closedAt": moment("closed_at"),
        "totalQuantity": Field(lambda found: sum(part.quantity for part in found.lines)),
        "returnLineItems": connection("ReturnLineItemType", "lines"),
    },
    "ReturnLineItem": {
        "id": read("gid"),
        "quantity": read("quantity"),
        "refundedQuantity": read("refunded"),
        "refundableQuantity": Field(lambda part: part.quantity - part.refunded),
        "returnReason": read("reason"),
        "returnReasonNote": read("note"),
        "customerNote": constant(None),
        "fulfillmentLineItem": one("FulfillmentLineItem", "shipped"),
    },
    "DiscountAllocation": {
        "allocatedAmountSet": one("MoneyBag", "amount"),
        "discountApplication": one("DiscountApplication", "application"),
    },
    "PricingPercentageValue": {"percentage": Field(lambda a: (a.percentage_ppm or 0) / 10_000)},
    "MoneyV2": {
        "amount": Field(lambda money: graphql_text(money[0], money[1])),
        "currencyCode": Field(lambda money: money[1]),
    },
    **dict.fromkeys(
        ("OrderAgreement", "OrderEditAgreement", "RefundAgreement", "ReturnAgreement"), _AGREEMENT
    ),
    **dict.fromkeys(("ProductSale", "GiftCardSale", "ShippingLineSale", "AdjustmentSale"), _SALE),
    **dict.fromkeys(
        ("DiscountCodeApplication", "AutomaticDiscountApplication", "ManualDiscountApplication"),
        _DISCOUNT,
    ),
}

_DISCOUNT_TYPES = {
    "code": "DiscountCodeApplication",
    "automatic": "AutomaticDiscountApplication",
    "manual": "ManualDiscountApplication",
}


def agreement_type(agreement: Agreement) -> str:
    """Return the concrete type of an agreement."""
    return agreement.type


def sale_type(sale: Sale) -> str:
    """Return the concrete type of a sale."""
    return sale.type


def discount_type(application: DiscountApplication) -> str:
    """Return the concrete type of a discount application."""
    return _DISCOUNT_TYPES[application.kind]


def pricing_type(value: object) -> str:
    """Return the concrete type of a discount's value."""
    return "MoneyV2" if isinstance(value, tuple) else "PricingPercentageValue"
