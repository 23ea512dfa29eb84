"""One product by hand, in both shapes."""

from __future__ import annotations


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
