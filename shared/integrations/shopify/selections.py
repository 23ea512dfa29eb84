"""The GraphQL selections that bulk queries and single reads share: what the normalisers read.

A field whose scope is not granted is left out: one missing scope must not fail a whole export.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

Scopes = Collection[str] | None
"""Granted scopes; None means all."""

MONEY: Final = (
    "fragment M on MoneyBag { shopMoney { amount currencyCode }"
    " presentmentMoney { amount currencyCode } }"
)
ADDRESS: Final = (
    "fragment A on MailingAddress { firstName lastName company address1 address2 city province"
    " provinceCode country countryCodeV2 zip phone }"
)
_ORDER: Final = """__typename id name number confirmationNumber createdAt processedAt updatedAt
 closedAt cancelledAt cancelReason test edited sourceName poNumber note tags customerLocale
 currencyCode presentmentCurrencyCode taxesIncluded displayFinancialStatus displayFulfillmentStatus
 returnStatus paymentGatewayNames discountCodes customAttributes { key value }
 customerJourneySummary { lastVisit { landingPage referrerUrl } }
 totalPriceSet { ...M } subtotalPriceSet { ...M } totalTaxSet { ...M } totalDiscountsSet { ...M }
 totalShippingPriceSet { ...M } currentTotalPriceSet { ...M } currentSubtotalPriceSet { ...M }
 currentTotalTaxSet { ...M } currentTotalDiscountsSet { ...M } totalReceivedSet { ...M }
 totalRefundedSet { ...M } totalOutstandingSet { ...M }
 transactions { id kind status test gateway createdAt processedAt errorCode amountSet { ...M }
 parentTransaction { id } }"""
_LINE: Final = """__typename id sku name title variantTitle vendor quantity currentQuantity
 requiresShipping isGiftCard taxable customAttributes { key value } originalUnitPriceSet { ...M }
 taxLines { priceSet { ...M } } discountAllocations { allocatedAmountSet { ...M } }"""
RETURN: Final = "__typename id name status createdAt closedAt totalQuantity"
RETURN_LINE: Final = (
    "__typename id quantity refundedQuantity"
    " ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }"
)
AGREEMENT: Final = "__typename id happenedAt ... on RefundAgreement { refund { id } }"
SALE: Final = (
    "__typename id actionType quantity totalAmount { ...M } totalTaxAmount { ...M }"
    " ... on ProductSale { lineItem { id quantity } }"
    " ... on GiftCardSale { lineItem { id quantity } }"
)
PRODUCT: Final = """__typename id title handle status vendor productType tags descriptionHtml
 isGiftCard createdAt updatedAt publishedAt totalInventory onlineStoreUrl category { id fullName }
 featuredMedia { preview { image { url } } }
 priceRangeV2 { minVariantPrice { amount } maxVariantPrice { amount } }"""
_VARIANT: Final = """__typename id title sku barcode position price compareAtPrice taxable
 inventoryQuantity inventoryPolicy availableForSale createdAt updatedAt"""


def granted(scopes: Scopes, name: str) -> bool:
    """Return whether `read_{name}` is granted, itself or by `write_{name}`."""
    return scopes is None or f"read_{name}" in scopes or f"write_{name}" in scopes


def order_fields(
    scopes: Scopes, *, customer_data: bool = True, refunded: str = "", shipped: str = ""
) -> str:
    """Return the selection of an order's root: its own fields and its inline lists.

    Args:
        scopes: What the access token may read.
        customer_data: Whether Shopify lets the app read personal data.
        refunded: What else to select of each refund.
        shipped: What else to select of each fulfillment.
    """
    fields = [_ORDER, _refunds(scopes, refunded), _fulfillments(scopes, shipped)]
    if granted(scopes, "customers"):
        fields.append("customer { id }")
    if customer_data:
        fields.append("email billingAddress { ...A } shippingAddress { ...A }")
    return " ".join(fields)


def order_fragments(*, customer_data: bool = True) -> str:
    """Return the fragments that `order_fields` uses; an unused fragment is an error."""
    return f"{MONEY} {ADDRESS}" if customer_data else MONEY


def _refunds(scopes: Scopes, more: str) -> str:
    of_return = "return { id }" if granted(scopes, "returns") else ""
    fields = f"id createdAt processedAt note totalRefundedSet {{ ...M }} {of_return} {more}"
    return f"refunds {{ {fields} }}"


def _fulfillments(scopes: Scopes, more: str) -> str:
    service = "service { handle }" if granted(scopes, "fulfillments") else ""
    return (
        "fulfillments { id name status displayStatus createdAt updatedAt deliveredAt inTransitAt"
        f" estimatedDeliveryAt totalQuantity trackingInfo {{ company number url }}"
        f" {service} {more} }}"
    )


def line_fields(scopes: Scopes) -> str:
    """Return the selection of an order line."""
    products = "product { id } variant { id }" if granted(scopes, "products") else ""
    return f"{_LINE} {products}"


def variant_fields(scopes: Scopes) -> str:
    """Return the selection of a product variant."""
    cost = "inventoryItem { unitCost { amount } }" if granted(scopes, "inventory") else ""
    return f"{_VARIANT} {cost}"
