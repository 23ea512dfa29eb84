"""The REST body of an order, as webhooks carry it."""

from __future__ import annotations

from local.shopify.instants import local_text
from local.shopify.money import Bag
from local.shopify.orders import DiscountApplication, Order, Return
from local.shopify.queries.order_fields import OrderView, summed_taxes
from local.shopify.rest import parts
from local.shopify.store import Store
from local.shopify.totals import Totals, financial_status, fulfillment_status
from shared.ports import JsonObject

_FULFILLMENT = {"UNFULFILLED": None, "PARTIALLY_FULFILLED": "partial"}


def order_body(order: Order, store: Store) -> JsonObject:
    """Return everything Shopify sends of an order."""
    view = OrderView(order)
    shipped = fulfillment_status(order)
    return {
        **_identity(order, store),
        **_money(view.totals),
        "financial_status": financial_status(order, view.totals).lower(),
        "fulfillment_status": _FULFILLMENT.get(shipped, shipped.lower()),
        "tax_lines": [parts.tax_line(tax) for tax in summed_taxes(view)],
        "discount_applications": [_application(one) for one in order.discount_applications],
        "discount_codes": [
            _code(one, order) for one in order.discount_applications if one.kind == "code"
        ],
        "payment_gateway_names": list(dict.fromkeys(t.gateway for t in order.transactions)),
        "total_weight": sum(line.grams * line.quantity for line in order.lines),
        "billing_address": parts.address(order.billing),
        "shipping_address": parts.address(order.shipping),
        "customer": parts.customer(order.customer, store.shop),
        "line_items": [parts.line(line, store) for line in order.lines],
        "shipping_lines": [parts.shipping_line(line) for line in order.shipping_lines],
        "fulfillments": [parts.fulfillment(one, order, store) for one in order.fulfillments],
        "refunds": [parts.refund(one, order, store) for one in order.refunds],
        "payment_terms": None,
    }


def _identity(order: Order, store: Store) -> JsonObject:
    zone = store.shop.timezone
    return {
        "id": order.id,
        "admin_graphql_api_id": order.gid,
        "app_id": 1354745,
        "browser_ip": None,
        "cancel_reason": parts.lower(order.cancel_reason),
        "cancelled_at": local_text(order.cancelled_at, zone),
        "closed_at": local_text(order.closed_at, zone),
        "confirmation_number": order.confirmation_number,
        "confirmed": True,
        "contact_email": order.email,
        "created_at": local_text(order.created_at, zone),
        "currency": order.currencies.shop,
        "customer_locale": order.customer_locale,
        "duties_included": False,
        "email": order.email,
        "landing_site": order.landing_page,
        "name": order.name,
        "note": order.note,
        "note_attributes": [{"name": k, "value": v} for k, v in order.custom_attributes],
        "number": order.number - 1000,
        "order_number": order.number,
        "phone": order.phone,
        "po_number": order.po_number,
        "presentment_currency": order.currencies.presentment,
        "processed_at": local_text(order.processed_at, zone),
        "referring_site": order.referrer,
        "source_identifier": None,
        "source_name": order.source_name,
        "tags": ", ".join(order.tags),
        "tax_exempt": order.tax_exempt,
        "taxes_included": order.taxes_included,
        "test": order.test,
        "updated_at": local_text(order.updated_at, zone),
    }


def _money(totals: Totals) -> JsonObject:
    return {
        **parts.both("current_subtotal_price", totals.current_subtotal),
        **parts.both("current_total_discounts", totals.current_discounts),
        **parts.both("current_total_price", totals.current_total),
        **parts.both("current_total_tax", totals.current_tax),
        "current_shipping_price_set": parts.money_set(totals.current_shipping),
        **parts.both("subtotal_price", totals.subtotal),
        **parts.both("total_discounts", totals.discounts),
        **parts.both("total_line_items_price", totals.line_items),
        "total_outstanding": parts.amount(totals.outstanding),
        **parts.both("total_price", totals.total),
        "total_shipping_price_set": parts.money_set(totals.shipping),
        **parts.both("total_tax", totals.tax),
        "total_tip_received": "0.00",
    }


def _application(found: DiscountApplication) -> JsonObject:
    body: JsonObject = {
        "target_type": found.target_type.lower(),
        "type": "discount_code" if found.kind == "code" else found.kind,
        "value": str((found.percentage_ppm or 0) / 10_000),
        "value_type": "percentage",
        "allocation_method": found.allocation_method.lower(),
        "target_selection": found.target_selection.lower(),
        "code" if found.kind == "code" else "title": found.title,
    }
    if found.value is not None:
        body |= {"value": parts.amount(found.value), "value_type": "fixed_amount"}
    return body


def _code(found: DiscountApplication, order: Order) -> JsonObject:
    allocated = sum(
        allocation.amount.shop
        for line in order.lines
        for allocation in line.discounts
        if allocation.application.index == found.index
    )
    kind = "percentage" if found.value is None else "fixed_amount"
    money = Bag(allocated, allocated, order.currencies)
    return {"code": found.title, "amount": parts.amount(money), "type": kind}


def return_body(found: Return, order: Order, store: Store) -> JsonObject:
    """Return the body of returns/* webhooks."""
    zone = store.shop.timezone
    return {
        "id": found.id,
        "admin_graphql_api_id": found.gid,
        "order_id": order.id,
        "order": {"id": order.id, "admin_graphql_api_id": order.gid},
        "name": found.name,
        "status": found.status.lower(),
        "created_at": local_text(found.created_at, zone),
        "closed_at": local_text(found.closed_at, zone),
        "total_return_line_items": sum(part.quantity for part in found.lines),
        "return_line_items": [
            {
                "id": part.id,
                "admin_graphql_api_id": part.gid,
                "fulfillment_line_item": {
                    "id": part.shipped.id,
                    "admin_graphql_api_id": part.shipped.gid,
                    "line_item": {
                        "id": part.shipped.line.id,
                        "admin_graphql_api_id": part.shipped.line.gid,
                    },
                },
                "quantity": part.quantity,
                "refunded_quantity": part.refunded,
                "return_reason": part.reason.lower(),
                "return_reason_note": part.note,
                "customer_note": None,
            }
            for part in found.lines
        ],
    }
