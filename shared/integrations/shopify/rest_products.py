"""Makes product records of a REST product: the body of products/create and products/update.

What the body does not say is None in the records: the online store's URL, unit costs, whether a
variant is for sale and, on older bodies, the category. It holds the first hundred variants only,
and the ids of all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.ports import JsonObject
from shared.products.models import Product, ProductParts, ProductVariant

_VARIANTS_MAX: Final = 100
"""Shopify cuts the variants of a body here."""


@guarded
def product_parts(body: JsonObject) -> ProductParts:
    """Read the whole body of a product webhook.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.rest_gid("Product", body)
    nodes = body.get("variants") or ()
    variants = tuple([variant(item, gid) for item in nodes])
    return ProductParts(
        product=_product(body, gid, nodes),
        tags=v.tags(body.get("tags")),
        variants=variants,
        is_whole=_has_all(body, variants),
    )


def _has_all(body: JsonObject, variants: Collection[ProductVariant]) -> bool:
    """Return whether the body holds every variant.

    The list of ids may name all of them or only those that are left out: a body of a hundred is
    believed only if the list names these and no other.
    """
    held = {one.shopify_gid for one in variants}
    named = {v.rest_gid("ProductVariant", item) for item in body.get("variant_gids") or ()}
    return held == named if len(variants) >= _VARIANTS_MAX else held >= named


def _product(body: JsonObject, gid: str, variants: Sequence[JsonObject]) -> Product:
    get = body.get
    category = get("category") or {}
    prices = [v.amount(item["price"]) for item in variants]
    quantities = [
        v.integer(item["inventory_quantity"])
        for item in variants
        if item.get("inventory_quantity") is not None
    ]
    return Product(
        v.known_id("prd", gid),
        gid,
        v.text(body["title"]),
        v.text(get("handle")),
        v.upper(get("status")) or "",
        v.optional(get("vendor")),
        v.optional(get("product_type")),
        any(item.get("fulfillment_service") == "gift_card" for item in variants),
        v.optional(get("body_html")),
        v.optional(category.get("admin_graphql_api_id")),
        v.optional(category.get("full_name")),
        v.optional((get("image") or {}).get("src")),
        None,
        sum(quantities) if quantities else None,
        min(prices, default=None),
        max(prices, default=None),
        v.instant(body["created_at"]),
        v.instant(body["updated_at"]),
        v.optional_instant(get("published_at")),
    )


def variant(node: JsonObject, product_gid: str) -> ProductVariant:
    """Read one of the body's variants."""
    get = node.get
    gid = v.rest_gid("ProductVariant", node)
    quantity = get("inventory_quantity")
    return ProductVariant(
        derived_id("var", gid),
        gid,
        v.known_id("prd", product_gid),
        v.text(get("title")),
        v.optional(get("sku")),
        v.optional(get("barcode")),
        v.integer(get("position")),
        v.amount(node["price"]),
        v.optional_amount(get("compare_at_price")),
        None,
        v.claim(get("taxable")),
        None if quantity is None else v.integer(quantity),
        v.upper(get("inventory_policy")),
        None,
        v.instant(node["created_at"]),
        v.instant(get("updated_at") or node["created_at"]),
    )
