"""The shop's whole truth as plain JSON, for tests that recompute everything on their own.

Amounts are whole minor units of the shop's currency; times are epoch seconds. Nothing here goes
through the GraphQL or REST renderers.
"""

from __future__ import annotations

from collections.abc import Iterator

from local.shopify.catalogue import Product
from local.shopify.orders import Line, Order, Refund
from local.shopify.store import Store
from local.shopify.totals import financial_status, fulfillment_status, order_totals
from shared.ports import JsonObject


def all_orders(store: Store) -> Iterator[JsonObject]:
    """Yield every order, oldest first."""
    for index in store.by_created():
        if (order := store.order(index)) is not None:
            yield order_truth(order)


def all_products(store: Store) -> Iterator[JsonObject]:
    """Yield every product that exists."""
    return (product_truth(product) for product in store.products.values())


def order_truth(order: Order) -> JsonObject:
    """Return everything that happened to an order."""
    totals = order_totals(order)
    return {
        "id": order.id,
        "gid": order.gid,
        "name": order.name,
        "test": order.test,
        "created_at": order.created_at,
        "processed_at": order.processed_at,
        "updated_at": order.updated_at,
        "closed_at": order.closed_at,
        "cancelled_at": order.cancelled_at,
        "currency": order.currencies.shop,
        "presentment_currency": order.currencies.presentment,
        "taxes_included": order.taxes_included,
        "financial_status": financial_status(order, totals),
        "fulfillment_status": fulfillment_status(order),
        "total": totals.total.shop,
        "subtotal": totals.subtotal.shop,
        "tax": totals.tax.shop,
        "shipping": totals.shipping.shop,
        "received": totals.received.shop,
        "refunded": totals.refunded.shop,
        **_children(order),
    }


def _children(order: Order) -> JsonObject:
    return {
        "lines": [_line(line) for line in order.lines],
        "transactions": [
            {
                "id": one.id,
                "kind": one.kind,
                "status": one.status,
                "amount": one.amount.shop,
                "processed_at": one.processed_at,
            }
            for one in order.transactions
        ],
        "refunds": [_refund(refund) for refund in order.refunds],
        "fulfillments": [
            {
                "id": one.id,
                "status": one.status,
                "created_at": one.created_at,
                "lines": [{"line_id": x.line.id, "quantity": x.quantity} for x in one.lines],
            }
            for one in order.fulfillments
        ],
        "returns": [
            {
                "id": one.id,
                "status": one.status,
                "created_at": one.created_at,
                "lines": [
                    {"line_id": x.shipped.line.id, "quantity": x.quantity} for x in one.lines
                ],
            }
            for one in order.returns
        ],
    }


def _line(line: Line) -> JsonObject:
    return {
        "id": line.id,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "title": line.title,
        "sku": line.sku,
        "quantity": line.quantity,
        "removed": line.removed,
        "refunded": line.refunded,
        "added_at": line.added_at,
        "unit_price": line.unit_price.shop,
        "discounts": sum(one.amount.shop for one in line.discounts),
        "tax": sum(one.price.shop for one in line.tax_lines),
        "is_gift_card": line.is_gift_card,
        "requires_shipping": line.requires_shipping,
    }


def _refund(refund: Refund) -> JsonObject:
    return {
        "id": refund.id,
        "created_at": refund.created_at,
        "money": refund.money.shop,
        "shipping": refund.shipping.shop,
        "lines": [
            {
                "line_id": part.line.id,
                "quantity": part.quantity,
                "net": part.net.shop,
                "tax": part.tax.shop,
            }
            for part in refund.lines
        ],
    }


def product_truth(product: Product) -> JsonObject:
    """Return a product."""
    return {
        "id": product.id,
        "gid": product.gid,
        "title": product.title,
        "status": product.status,
        "tags": list(product.tags),
        "published_at": product.published_at,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        "variants": [
            {"id": one.id, "sku": one.sku, "price": one.price}
            for one in product.variants
            if one.id not in product.deleted_variants
        ],
    }
