"""The order of `order_shapes`, as the body of a webhook."""

from __future__ import annotations

import copy


def rest_bag(shop: str, presentment: str | None = None) -> dict:
    return {
        "shop_money": {"amount": shop, "currency_code": "EUR"},
        "presentment_money": {"amount": presentment or shop, "currency_code": "USD"},
    }


_ADDRESS = {
    "first_name": "Zoë", "last_name": "Ødegård", "company": "", "address1": "Street 1",
    "address2": "", "city": "Köln", "province": None, "province_code": None,
    "country": "Germany", "country_code": "DE", "zip": "50667", "phone": "+49 221 1",
    "latitude": 50.9, "longitude": 6.9, "name": "Zoë Ødegård",
}  # fmt: skip
_TRANSACTION = {
    "order_id": 450789469, "gateway": "bogus", "status": "success", "test": False,
    "error_code": None, "currency": "USD",
}  # fmt: skip
_REFUND_TRANSACTION = {
    **_TRANSACTION,
    "id": 389404471,
    "admin_graphql_api_id": "gid://shopify/OrderTransaction/389404471",
    "kind": "refund",
    "parent_id": 389404470,
    "amount": "44.00",
    "created_at": "2026-11-03T05:05:00-05:00",
    "processed_at": "2026-11-03T05:05:01-05:00",
}
_BODY = {
    "id": 450789469,
    "admin_graphql_api_id": "gid://shopify/Order/450789469",
    "name": "#1001",
    "number": 1,
    "order_number": 1001,
    "confirmation_number": "XPAV284CT",
    "created_at": "2026-11-01T05:00:00-05:00",
    "processed_at": "2026-11-01T04:59:58-05:00",
    "updated_at": "2026-11-05T18:30:00-05:00",
    "closed_at": None,
    "cancelled_at": "2026-11-05T18:29:00-05:00",
    "cancel_reason": "customer",
    "test": False,
    "source_name": "web",
    "po_number": None,
    "note": "gift 🎁 for\u0000 her",
    "tags": "wholesale, VIP",
    "customer_locale": "de-DE",
    "currency": "EUR",
    "presentment_currency": "USD",
    "taxes_included": True,
    "financial_status": "partially_refunded",
    "fulfillment_status": "partial",
    "payment_gateway_names": ["bogus", "gift_card"],
    "discount_codes": [{"code": "TENOFF", "amount": "10.00", "type": "fixed_amount"}],
    "note_attributes": [{"name": "colour", "value": "grün"}, {"name": "empty", "value": ""}],
    "landing_site": "https://shop.example/?ref=a",
    "referring_site": "https://news.example/",
    "customer": {
        "id": 207119551,
        "admin_graphql_api_id": "gid://shopify/Customer/207119551",
        "email": "other@example.com",
    },
    "email": "zoe@example.com",
    "billing_address": _ADDRESS,
    "shipping_address": {**_ADDRESS, "first_name": "Ann", "address2": "2nd floor"},
    "total_price": "100.00",
    "total_price_set": rest_bag("100.00", "110.00"),
    "subtotal_price": "95.00",
    "subtotal_price_set": rest_bag("95.00", "104.50"),
    "total_tax": "15.97",
    "total_tax_set": rest_bag("15.97", "17.57"),
    "total_discounts": "10.00",
    "total_discounts_set": rest_bag("10.00", "11.00"),
    "total_shipping_price_set": rest_bag("5.00", "5.50"),
    "current_total_price": "60.00",
    "current_subtotal_price": "55.00",
    "current_total_tax": "9.58",
    "current_total_discounts": "10.00",
    "total_outstanding": "0.00",
    "transactions": [
        {
            **_TRANSACTION,
            "id": 389404469,
            "admin_graphql_api_id": "gid://shopify/OrderTransaction/389404469",
            "kind": "authorization",
            "parent_id": None,
            "amount": "110.00",
            "created_at": "2026-11-01T05:00:00-05:00",
            "processed_at": "2026-11-01T05:00:00-05:00",
        },
        {
            **_TRANSACTION,
            "id": 389404470,
            "kind": "capture",
            "parent_id": 389404469,
            "amount": "110.00",
            "created_at": "2026-11-01T05:05:00-05:00",
            "processed_at": "2026-11-01T05:05:01-05:00",
        },
        _REFUND_TRANSACTION,
    ],
    "refunds": [
        {
            "id": 929361465,
            "admin_graphql_api_id": "gid://shopify/Refund/929361465",
            "created_at": "2026-11-03T05:05:00-05:00",
            "processed_at": "2026-11-03T05:05:02-05:00",
            "note": "wrong size",
            "return": None,
            "transactions": [_REFUND_TRANSACTION],
            "refund_line_items": [
                {
                    "id": 1058498312,
                    "line_item_id": 466157049,
                    "quantity": 1,
                    "subtotal": 40.0,
                    "subtotal_set": rest_bag("40.00", "44.00"),
                    "total_tax": 6.39,
                    "total_tax_set": rest_bag("6.39", "7.03"),
                }
            ],
        }
    ],
    "fulfillments": [
        {
            "id": 255858046,
            "admin_graphql_api_id": "gid://shopify/Fulfillment/255858046",
            "name": "#1001.1",
            "status": "success",
            "shipment_status": "in_transit",
            "created_at": "2026-11-02T03:00:00-05:00",
            "updated_at": "2026-11-02T04:00:00-05:00",
            "service": "manual",
            "tracking_company": "USPS",
            "tracking_number": "1Z1",
            "tracking_numbers": ["1Z1", "1Z2"],
            "tracking_urls": ["https://t.example/1Z1", "https://t.example/1Z2"],
            "line_items": [
                {
                    "id": 466157049,
                    "admin_graphql_api_id": "gid://shopify/LineItem/466157049",
                    "quantity": 2,
                }
            ],
        }
    ],
    "line_items": [
        {
            "id": 466157049,
            "admin_graphql_api_id": "gid://shopify/LineItem/466157049",
            "sku": "IPOD-GREEN",
            "name": "IPod Nano - green",
            "title": "IPod Nano",
            "variant_title": "green",
            "vendor": "Apple",
            "quantity": 2,
            "current_quantity": 1,
            "requires_shipping": True,
            "gift_card": False,
            "taxable": True,
            "product_exists": True,
            "product_id": 632910392,
            "variant_id": 39072856,
            "properties": [{"name": "Engraving", "value": "♥"}],
            "price": "45.00",
            "price_set": rest_bag("45.00", "49.50"),
            "tax_lines": [
                {"price": "7.00", "price_set": rest_bag("7.00", "7.70")},
                {"price": "5.77", "price_set": rest_bag("5.77", "6.35")},
            ],
            "discount_allocations": [
                {"amount": "7.50", "amount_set": rest_bag("7.50", "8.25")},
                {"amount": "2.50", "amount_set": rest_bag("2.50", "2.75")},
            ],
        },
        {
            "id": 518995019,
            "admin_graphql_api_id": "gid://shopify/LineItem/518995019",
            "sku": "",
            "name": "Gift wrapping",
            "title": "Gift wrapping",
            "variant_title": "",
            "vendor": None,
            "quantity": 1,
            "current_quantity": 1,
            "requires_shipping": False,
            "gift_card": False,
            "taxable": False,
            "product_exists": False,
            "product_id": None,
            "variant_id": None,
            "properties": [],
            "price": "15.00",
            "price_set": rest_bag("15.00", "16.50"),
            "tax_lines": [],
            "discount_allocations": [],
        },
    ],
}


def rest_order() -> dict:
    """Return the same order as the body of a webhook, with its transactions added."""
    return copy.deepcopy(_BODY)
