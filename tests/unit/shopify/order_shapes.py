"""One order by hand, as GraphQL has it."""

from __future__ import annotations

import copy


def bag(shop: str, presentment: str | None = None) -> dict:
    return {
        "shopMoney": {"amount": shop, "currencyCode": "EUR"},
        "presentmentMoney": {"amount": presentment or shop, "currencyCode": "USD"},
    }


_ADDRESS = {
    "firstName": "Zoë", "lastName": "Ødegård", "company": None, "address1": "Street 1",
    "address2": None, "city": "Köln", "province": None, "provinceCode": None,
    "country": "Germany", "countryCodeV2": "DE", "zip": "50667", "phone": "+49 221 1",
}  # fmt: skip
_ORDER = {
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
    "billingAddress": _ADDRESS,
    "shippingAddress": {**_ADDRESS, "firstName": "Ann", "address2": "2nd floor"},
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


def graphql_order() -> dict:
    """Return the order as `reads.read_whole_order` assembles it."""
    return copy.deepcopy(_ORDER)
