"""One order and one product, each written by hand in both of Shopify's shapes."""

from __future__ import annotations


def bag(shop: str, presentment: str | None = None) -> dict:
    return {
        "shopMoney": {"amount": shop, "currencyCode": "EUR"},
        "presentmentMoney": {"amount": presentment or shop, "currencyCode": "USD"},
    }


def rest_bag(shop: str, presentment: str | None = None) -> dict:
    return {
        "shop_money": {"amount": shop, "currency_code": "EUR"},
        "presentment_money": {"amount": presentment or shop, "currency_code": "USD"},
    }


def graphql_order() -> dict:
    """Return the order as `reads.read_whole_order` assembles it."""
    address = {
        "firstName": "Zoë", "lastName": "Ødegård", "company": None, "address1": "Street 1",
        "address2": None, "city": "Köln", "province": None, "provinceCode": None,
        "country": "Germany", "countryCodeV2": "DE", "zip": "50667", "phone": "+49 221 1",
    }  # fmt: skip
    return {
        "__typename": "Order",
        "id": "gid://shopify/Order/450789469",
        "name": "#1001",
        "number": 1001,
        "confirmationNumber": "XPAV284CT",
        "createdAt": "2026-11-01T10:00:00Z",
        "processedAt": "2026-11-01T09:59:58Z",
        "updatedAt": "2026-11-05T23:30:00Z",
        "closedAt": None,
        "cancelledAt": "2026-11-05T23:29:00Z",
        "cancelReason": "CUSTOMER",
        "test": False,
        "edited": False,
        "sourceName": "web",
        "poNumber": None,
        "note": "gift 🎁 for\u0000 her",
        "tags": ["VIP", "wholesale"],
        "customerLocale": "de-DE",
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "USD",
        "taxesIncluded": True,
        "displayFinancialStatus": "PARTIALLY_REFUNDED",
        "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
        "returnStatus": "NO_RETURN",
        "paymentGatewayNames": ["bogus", "gift_card"],
        "discountCodes": ["TENOFF"],
        "customAttributes": [{"key": "colour", "value": "grün"}, {"key": "empty", "value": None}],
        "customerJourneySummary": {
            "lastVisit": {
                "landingPage": "https://shop.example/?ref=a",
                "referrerUrl": "https://news.example/",
            }
        },
        "customer": {"id": "gid://shopify/Customer/207119551"},
        "email": "Zoe@Example.com ",
        "billingAddress": address,
        "shippingAddress": {**address, "firstName": "Ann", "address2": "2nd floor"},
        "totalPriceSet": bag("100.0", "110.0"),
        "subtotalPriceSet": bag("95.0", "104.5"),
        "totalTaxSet": bag("15.97", "17.57"),
        "totalDiscountsSet": bag("10.0", "11.0"),
        "totalShippingPriceSet": bag("5.0", "5.5"),
        "currentTotalPriceSet": bag("60.0", "66.0"),
        "currentSubtotalPriceSet": bag("55.0", "60.5"),
        "currentTotalTaxSet": bag("9.58", "10.54"),
        "currentTotalDiscountsSet": bag("10.0", "11.0"),
        "totalReceivedSet": bag("100.0", "110.0"),
        "totalRefundedSet": bag("40.0", "44.0"),
        "totalOutstandingSet": bag("0.0", "0.0"),
        "transactions": [
            {
                "id": "gid://shopify/OrderTransaction/389404469",
                "kind": "AUTHORIZATION", "status": "SUCCESS", "test": False, "gateway": "bogus",
                "createdAt": "2026-11-01T10:00:00Z", "processedAt": "2026-11-01T10:00:00Z",
                "errorCode": None, "amountSet": bag("100.0", "110.0"), "parentTransaction": None,
            },
            {
                "id": "gid://shopify/OrderTransaction/389404470",
                "kind": "CAPTURE", "status": "SUCCESS", "test": False, "gateway": "bogus",
                "createdAt": "2026-11-01T10:05:00Z", "processedAt": "2026-11-01T10:05:01Z",
                "errorCode": None, "amountSet": bag("100.0", "110.0"),
                "parentTransaction": {"id": "gid://shopify/OrderTransaction/389404469"},
            },
            {
                "id": "gid://shopify/OrderTransaction/389404471",
                "kind": "REFUND", "status": "SUCCESS", "test": False, "gateway": "bogus",
                "createdAt": "2026-11-03T10:05:00Z", "processedAt": "2026-11-03T10:05:01Z",
                "errorCode": None, "amountSet": bag("40.0", "44.0"),
                "parentTransaction": {"id": "gid://shopify/OrderTransaction/389404470"},
            },
        ],
        "refunds": [
            {
                "id": "gid://shopify/Refund/929361465",
                "createdAt": "2026-11-03T10:05:00Z",
                "processedAt": "2026-11-03T10:05:02Z",
                "note": "wrong size",
                "totalRefundedSet": bag("40.0", "44.0"),
                "return": None,
                "refundLineItems": {
                    "nodes": [
                        {
                            "quantity": 1,
                            "lineItem": {"id": "gid://shopify/LineItem/466157049"},
                            "subtotalSet": bag("40.0", "44.0"),
                            "totalTaxSet": bag("6.39", "7.03"),
                        }
                    ]
                },
            }
        ],
        "fulfillments": [
            {
                "id": "gid://shopify/Fulfillment/255858046",
                "name": "#1001.1",
                "status": "SUCCESS",
                "displayStatus": "IN_TRANSIT",
                "createdAt": "2026-11-02T08:00:00Z",
                "updatedAt": "2026-11-02T09:00:00Z",
                "deliveredAt": None,
                "inTransitAt": None,
                "estimatedDeliveryAt": None,
                "totalQuantity": 2,
                "service": {"handle": "manual"},
                "trackingInfo": [
                    {"company": "USPS", "number": "1Z1", "url": "https://t.example/1Z1"},
                    {"company": "USPS", "number": "1Z2", "url": "https://t.example/1Z2"},
                ],
                "fulfillmentLineItems": {
                    "nodes": [
                        {"quantity": 2, "lineItem": {"id": "gid://shopify/LineItem/466157049"}}
                    ]
                },
            }
        ],
        "lineItems": {
            "nodes": [
                {
                    "__typename": "LineItem",
                    "id": "gid://shopify/LineItem/466157049",
                    "sku": "IPOD-GREEN",
                    "name": "IPod Nano - green",
                    "title": "IPod Nano",
                    "variantTitle": "green",
                    "vendor": "Apple",
                    "quantity": 2,
                    "currentQuantity": 1,
                    "requiresShipping": True,
                    "isGiftCard": False,
                    "taxable": True,
                    "product": {"id": "gid://shopify/Product/632910392"},
                    "variant": {"id": "gid://shopify/ProductVariant/39072856"},
                    "customAttributes": [{"key": "Engraving", "value": "♥"}],
                    "originalUnitPriceSet": bag("45.0", "49.5"),
                    "taxLines": [
                        {"priceSet": bag("7.0", "7.7")},
                        {"priceSet": bag("5.77", "6.35")},
                    ],
                    "discountAllocations": [
                        {"allocatedAmountSet": bag("7.5", "8.25")},
                        {"allocatedAmountSet": bag("2.5", "2.75")},
                    ],
                },
                {
                    "__typename": "LineItem",
                    "id": "gid://shopify/LineItem/518995019",
                    "sku": None,
                    "name": "Gift wrapping",
                    "title": "Gift wrapping",
                    "variantTitle": None,
                    "vendor": None,
                    "quantity": 1,
                    "currentQuantity": 1,
                    "requiresShipping": False,
                    "isGiftCard": False,
                    "taxable": False,
                    "product": None,
                    "variant": None,
                    "customAttributes": [],
                    "originalUnitPriceSet": bag("15.0", "16.5"),
                    "taxLines": [],
                    "discountAllocations": [],
                },
            ]
        },
    }  # fmt: skip


def rest_order() -> dict:
    """Return the same order as the body of a webhook, with its transactions added."""
    address = {
        "first_name": "Zoë", "last_name": "Ødegård", "company": "", "address1": "Street 1",
        "address2": "", "city": "Köln", "province": None, "province_code": None,
        "country": "Germany", "country_code": "DE", "zip": "50667", "phone": "+49 221 1",
        "latitude": 50.9, "longitude": 6.9, "name": "Zoë Ødegård",
    }  # fmt: skip
    transaction = {
        "order_id": 450789469, "gateway": "bogus", "status": "success", "test": False,
        "error_code": None, "currency": "USD",
    }  # fmt: skip
    refund_transaction = {
        **transaction,
        "id": 389404471,
        "admin_graphql_api_id": "gid://shopify/OrderTransaction/389404471",
        "kind": "refund",
        "parent_id": 389404470,
        "amount": "44.00",
        "created_at": "2026-11-03T05:05:00-05:00",
        "processed_at": "2026-11-03T05:05:01-05:00",
    }
    return {
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
        "billing_address": address,
        "shipping_address": {**address, "first_name": "Ann", "address2": "2nd floor"},
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
                **transaction,
                "id": 389404469,
                "admin_graphql_api_id": "gid://shopify/OrderTransaction/389404469",
                "kind": "authorization",
                "parent_id": None,
                "amount": "110.00",
                "created_at": "2026-11-01T05:00:00-05:00",
                "processed_at": "2026-11-01T05:00:00-05:00",
            },
            {
                **transaction,
                "id": 389404470,
                "kind": "capture",
                "parent_id": 389404469,
                "amount": "110.00",
                "created_at": "2026-11-01T05:05:00-05:00",
                "processed_at": "2026-11-01T05:05:01-05:00",
            },
            refund_transaction,
        ],
        "refunds": [
            {
                "id": 929361465,
                "admin_graphql_api_id": "gid://shopify/Refund/929361465",
                "created_at": "2026-11-03T05:05:00-05:00",
                "processed_at": "2026-11-03T05:05:02-05:00",
                "note": "wrong size",
                "return": None,
                "transactions": [refund_transaction],
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


def graphql_product() -> dict:
    return {
        "__typename": "Product",
        "id": "gid://shopify/Product/632910392",
        "title": "IPod Nano",
        "handle": "ipod-nano",
        "status": "ACTIVE",
        "vendor": "Apple",
        "productType": "",
        "tags": ["Music", "emotive"],
        "descriptionHtml": "<p>small</p>",
        "isGiftCard": False,
        "createdAt": "2026-04-02T16:29:59Z",
        "updatedAt": "2026-04-02T16:30:59Z",
        "publishedAt": "2008-01-01T00:00:00Z",
        "totalInventory": 30,
        "onlineStoreUrl": None,
        "category": {
            "id": "gid://shopify/TaxonomyCategory/el-2",
            "fullName": "Electronics > Audio",
        },
        "featuredMedia": {"preview": {"image": {"url": "https://cdn.example/ipod.png?v=1"}}},
        "priceRangeV2": {
            "minVariantPrice": {"amount": "199.0"},
            "maxVariantPrice": {"amount": "249.5"},
        },
        "variants": {
            "nodes": [
                {
                    "__typename": "ProductVariant",
                    "id": "gid://shopify/ProductVariant/808950810",
                    "title": "Pink", "sku": "PINK", "barcode": None, "position": 1,
                    "price": "199.00", "compareAtPrice": None, "taxable": True,
                    "inventoryQuantity": 10, "inventoryPolicy": "CONTINUE",
                    "availableForSale": None,
                    "createdAt": "2026-04-02T16:29:59Z", "updatedAt": "2026-04-02T16:29:59Z",
                },
                {
                    "__typename": "ProductVariant",
                    "id": "gid://shopify/ProductVariant/49148385",
                    "title": "Red", "sku": None, "barcode": "123", "position": 2,
                    "price": "249.50", "compareAtPrice": "300.00", "taxable": False,
                    "inventoryQuantity": 20, "inventoryPolicy": "DENY",
                    "availableForSale": None,
                    "createdAt": "2026-04-02T16:29:59Z", "updatedAt": "2026-04-02T16:29:59Z",
                },
            ]
        },
    }  # fmt: skip


def rest_product() -> dict:
    return {
        "id": 632910392,
        "admin_graphql_api_id": "gid://shopify/Product/632910392",
        "title": "IPod Nano",
        "handle": "ipod-nano",
        "status": "active",
        "vendor": "Apple",
        "product_type": "",
        "tags": "emotive, Music",
        "body_html": "<p>small</p>",
        "created_at": "2026-04-02T11:29:59-05:00",
        "updated_at": "2026-04-02T11:30:59-05:00",
        "published_at": "2007-12-31T19:00:00-05:00",
        "category": {
            "admin_graphql_api_id": "gid://shopify/TaxonomyCategory/el-2",
            "name": "Audio",
            "full_name": "Electronics > Audio",
        },
        "image": {"id": 1, "src": "https://cdn.example/ipod.png?v=1"},
        "variants": [
            {
                "id": 808950810,
                "admin_graphql_api_id": "gid://shopify/ProductVariant/808950810",
                "title": "Pink", "sku": "PINK", "barcode": None, "position": 1,
                "price": "199.00", "compare_at_price": None, "taxable": True,
                "inventory_quantity": 10, "inventory_policy": "continue",
                "created_at": "2026-04-02T11:29:59-05:00",
                "updated_at": "2026-04-02T11:29:59-05:00",
            },
            {
                "id": 49148385,
                "admin_graphql_api_id": "gid://shopify/ProductVariant/49148385",
                "title": "Red", "sku": "", "barcode": "123", "position": 2,
                "price": "249.50", "compare_at_price": "300.00", "taxable": False,
                "inventory_quantity": 20, "inventory_policy": "deny",
                "created_at": "2026-04-02T11:29:59-05:00",
                "updated_at": "2026-04-02T11:29:59-05:00",
            },
        ],
    }  # fmt: skip
