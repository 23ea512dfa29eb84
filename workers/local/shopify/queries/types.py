"""Every GraphQL type the emulator knows, and which object belongs to which."""

from __future__ import annotations

from collections.abc import Callable

from local.shopify.catalogue import Product, Variant
from local.shopify.orders import Fulfillment, Refund, Return, Transaction
from local.shopify.queries import (
    line_fields,
    operation_fields,
    order_fields,
    product_fields,
    root_fields,
)
from local.shopify.queries.fields import Fields
from local.shopify.queries.order_fields import OrderView

_TYPES: dict[str, Fields] = {
    **order_fields.TYPES,
    **line_fields.TYPES,
    **product_fields.TYPES,
    **operation_fields.TYPES,
    **root_fields.TYPES,
    "Location": order_fields.TYPES["Reference"],
    "FulfillmentService": order_fields.TYPES["Reference"],
}


_NODES: dict[type, str] = {
    OrderView: "Order",
    Product: "Product",
    Variant: "ProductVariant",
    Refund: "Refund",
    Fulfillment: "Fulfillment",
    Return: "Return",
    Transaction: "OrderTransaction",
}


def _node_type(found: object) -> str:
    return _NODES.get(type(found), "BulkOperation")


def _always(name: str) -> Callable[[object], str]:
    return lambda _: name


def _typed(decide: Callable[..., str]) -> Callable[[object], str]:
    return decide


ABSTRACT: dict[str, Callable[[object], str]] = {
    "SalesAgreement": _typed(line_fields.agreement_type),
    "Sale": _typed(line_fields.sale_type),
    "DiscountApplication": _typed(line_fields.discount_type),
    "PricingValue": line_fields.pricing_type,
    "ReturnLineItemType": _always("ReturnLineItem"),
    "Media": _always("MediaImage"),
    "Node": _node_type,
}
_POSSIBLE: dict[str, frozenset[str]] = {
    "SalesAgreement": frozenset(
        {"OrderAgreement", "OrderEditAgreement", "RefundAgreement", "ReturnAgreement"}
    ),
    "Sale": frozenset({"ProductSale", "GiftCardSale", "ShippingLineSale", "AdjustmentSale"}),
    "DiscountApplication": frozenset(
        {"DiscountCodeApplication", "AutomaticDiscountApplication", "ManualDiscountApplication"}
    ),
    "PricingValue": frozenset({"MoneyV2", "PricingPercentageValue"}),
    "ReturnLineItemType": frozenset({"ReturnLineItem"}),
    "Media": frozenset({"MediaImage"}),
}
_INTERFACES = frozenset({"Node", "LegacyInteroperability", "HasMetafields"})


NEEDED_SCOPES = {
    ("QueryRoot", "orders"): "read_orders",
    ("QueryRoot", "ordersCount"): "read_orders",
    ("QueryRoot", "products"): "read_products",
    ("QueryRoot", "productsCount"): "read_products",
    ("Order", "returns"): "read_returns",
    ("Mutation", "tagsAdd"): "write_products",
    ("Mutation", "tagsRemove"): "write_products",
    ("Mutation", "metafieldsSet"): "write_products",
}


def type_fields(name: str) -> Fields:
    """Return the fields of a concrete type; none for a type that is not emulated."""
    return _TYPES.get(name, {})


def possible_types(abstract: str) -> tuple[str, ...]:
    """Return the concrete types of an interface or union, in the order of their names."""
    return tuple(sorted(_POSSIBLE.get(abstract, ()))) or tuple(_NODES.values())


def implements(concrete: str, condition: str) -> bool:
    """Return whether a fragment on `condition` applies to an object of the concrete type."""
    if concrete == condition or condition in _INTERFACES:
        return True
    return concrete in _POSSIBLE.get(condition, frozenset())
