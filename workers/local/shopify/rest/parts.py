"""Pieces that REST bodies share: money sets, lines, transactions, shipments and addresses."""

from __future__ import annotations

from local.shopify.catalogue import Shop
from local.shopify.instants import local_text
from local.shopify.money import Bag, rest_text
from local.shopify.orders import (
    Address,
    Customer,
    Fulfillment,
    Line,
    Order,
    Refund,
    RefundLine,
    ShippingLine,
    TaxLine,
    Transaction,
)
from local.shopify.queries.line_fields import own_discount
from local.shopify.store import Store
from local.shopify.totals import unfulfilled
from shared.ports import JsonObject


def amount(money: Bag) -> str:
    """Return the amount in the shop's currency with all digits."""
    return rest_text(money.shop, money.currencies.shop)


def money_set(money: Bag) -> JsonObject:
    """Return the amount in both currencies."""
    currencies = money.currencies
    return {
        "shop_money": {"amount": amount(money), "currency_code": currencies.shop},
        "presentment_money": {
            "amount": rest_text(money.presentment, currencies.presentment),
            "currency_code": currencies.presentment,
        },
    }


def both(name: str, money: Bag) -> JsonObject:
    """Return `{name, name_set}`."""
    return {name: amount(money), f"{name}_set": money_set(money)}


def lower(status: str | None) -> str | None:
    """Return an enum value as REST writes it."""
    return None if status is None else status.lower()


def tax_line(tax: TaxLine) -> JsonObject:
    """Return one tax."""
    return {
        **both("price", tax.price),
        "rate": tax.rate_ppm / 1_000_000,
        "title": tax.title,
        "channel_liable": False,
    }


def address(found: Address | None) -> JsonObject | None:
    """Return an address."""
    if found is None:
        return None
    return {
        "first_name": found.first_name,
        "last_name": found.last_name,
        "name": " ".join(part for part in (found.first_name, found.last_name) if part),
        "company": found.company,
        "address1": found.address1,
        "address2": found.address2,
        "city": found.city,
        "province": found.province,
        "province_code": found.province_code,
        "country": found.country,
        "country_code": found.country_code,
        "zip": found.zip,
        "phone": found.phone,
        "latitude": found.latitude,
        "longitude": found.longitude,
    }


def customer(found: Customer | None, shop: Shop) -> JsonObject | None:
    """Return a customer; None on a guest checkout."""
    if found is None:
        return None
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "email": found.email,
        "phone": found.phone,
        "first_name": found.first_name,
        "last_name": found.last_name,
        "created_at": local_text(found.created_at, shop.timezone),
        "updated_at": local_text(found.created_at, shop.timezone),
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "tax_exempt": False,
        "tags": "",
        "currency": shop.currency,
    }


def line(found: Line, store: Store, quantity: int | None = None) -> JsonObject:
    """Return a line; `quantity` differs in a fulfillment, which has its own."""
    variant = store.variant(found.product_id, found.variant_id)
    product = store.product(found.product_id)
    waiting = unfulfilled(found)
    status = None if not found.fulfilled else "partial" if waiting else "fulfilled"
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "attributed_staffs": [],
        "current_quantity": found.current,
        "fulfillable_quantity": waiting,
        "fulfillment_service": "manual",
        "fulfillment_status": status,
        "gift_card": found.is_gift_card,
        "grams": found.grams,
        "name": found.name,
        **both("price", found.unit_price),
        "product_exists": product is not None,
        "product_id": product.id if product else None,
        "properties": [{"name": key, "value": value} for key, value in found.custom_attributes],
        "quantity": found.quantity if quantity is None else quantity,
        "requires_shipping": found.requires_shipping,
        "sku": found.sku,
        "taxable": found.taxable,
        "title": found.title,
        **both("total_discount", own_discount(found)),
        "variant_id": variant.id if variant else None,
        "variant_inventory_management": "shopify" if variant else None,
        "variant_title": found.variant_title,
        "vendor": found.vendor,
        "tax_lines": [tax_line(tax) for tax in found.tax_lines],
        "duties": [],
        "discount_allocations": [
            {
                **both("amount", allocation.amount),
                "discount_application_index": allocation.application.index,
            }
            for allocation in found.discounts
        ],
    }


def shipping_line(found: ShippingLine) -> JsonObject:
    """Return a shipping line."""
    return {
        "id": found.id,
        "carrier_identifier": None,
        "code": found.code,
        **both("discounted_price", found.discounted),
        "is_removed": found.is_removed,
        "phone": None,
        **both("price", found.price),
        "requested_fulfillment_service_id": None,
        "source": found.source,
        "title": found.title,
        "tax_lines": [tax_line(tax) for tax in found.tax_lines],
        "discount_allocations": [],
    }


def transaction(found: Transaction, order: Order, shop: Shop) -> JsonObject:
    """Return a transaction: its amount is in the currency that the buyer paid in."""
    currencies = found.amount.currencies
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "order_id": order.id,
        "kind": found.kind.lower(),
        "gateway": found.gateway,
        "status": found.status.lower(),
        "message": None,
        "created_at": local_text(found.created_at, shop.timezone),
        "processed_at": local_text(found.processed_at, shop.timezone),
        "test": found.test,
        "authorization": None,
        "location_id": None,
        "user_id": None,
        "parent_id": found.parent.id if found.parent else None,
        "device_id": None,
        "error_code": lower(found.error_code),
        "source_name": order.source_name,
        "receipt": {},
        "amount": rest_text(found.amount.presentment, currencies.presentment),
        "currency": currencies.presentment,
        "payment_id": f"c{found.id}.1",
        "total_unsettled_set": {
            "presentment_money": {"amount": "0.0", "currency": currencies.presentment},
            "shop_money": {"amount": "0.0", "currency": currencies.shop},
        },
        "manual_payment_gateway": found.gateway == "manual",
        "amount_rounding": None,
    }


def refund_line(found: RefundLine, store: Store) -> JsonObject:
    """Return a refund line; its plain amounts are numbers, as Shopify has them."""
    return {
        "id": found.id,
        "line_item_id": found.line.id,
        "location_id": None,
        "quantity": found.quantity,
        "restock_type": found.restock_type.lower(),
        "subtotal": float(amount(found.subtotal)),
        "subtotal_set": money_set(found.subtotal),
        "total_tax": float(amount(found.tax)),
        "total_tax_set": money_set(found.tax),
        "line_item": line(found.line, store),
    }


def refund(found: Refund, order: Order, store: Store) -> JsonObject:
    """Return a refund with its lines, transactions and adjustments."""
    at = local_text(found.created_at, store.shop.timezone)
    nothing = money_set(Bag(0, 0, order.currencies))
    returned = found.of_return
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "order_id": order.id,
        "created_at": at,
        "processed_at": at,
        "note": found.note,
        "user_id": None,
        "restock": bool(found.lines),
        "return": {"id": returned.id, "admin_graphql_api_id": returned.gid} if returned else None,
        "duties": [],
        "additional_fees": [],
        "total_duties_set": nothing,
        "total_additional_fees_set": nothing,
        "refund_shipping_lines": [],
        "order_adjustments": _adjustments(found, order),
        "refund_line_items": [refund_line(part, store) for part in found.lines],
        "transactions": [transaction(one, order, store.shop) for one in found.transactions],
    }


def _adjustments(found: Refund, order: Order) -> list[JsonObject]:
    if not found.shipping.shop and (found.lines or not found.money.shop):
        return []
    is_shipping = bool(found.shipping.shop)
    money = found.shipping if is_shipping else found.money
    back = Bag(-money.shop, -money.presentment, money.currencies)
    return [
        {
            "id": found.id + 1,
            "order_id": order.id,
            "refund_id": found.id,
            "kind": "shipping_refund" if is_shipping else "refund_discrepancy",
            "reason": "Shipping refund" if is_shipping else "Refund discrepancy",
            **both("amount", back),
            **both("tax_amount", Bag(0, 0, money.currencies)),
        }
    ]


def fulfillment(found: Fulfillment, order: Order, store: Store) -> JsonObject:
    """Return a shipment; the quantities of its lines are what it carries."""
    tracking = found.tracking[0] if found.tracking else (None, None, None)
    zone = store.shop.timezone
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "order_id": order.id,
        "name": found.name,
        "status": found.status.lower(),
        "service": found.service,
        "created_at": local_text(found.created_at, zone),
        "updated_at": local_text(found.updated_at, zone),
        "shipment_status": "delivered" if found.delivered_at else None,
        "location_id": 655441491,
        "origin_address": None,
        "receipt": {},
        "tracking_company": tracking[0],
        "tracking_number": tracking[1],
        "tracking_numbers": [one[1] for one in found.tracking],
        "tracking_url": tracking[2],
        "tracking_urls": [one[2] for one in found.tracking],
        "line_items": [line(part.line, store, part.quantity) for part in found.lines],
    }
