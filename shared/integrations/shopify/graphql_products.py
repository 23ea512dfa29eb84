"""Makes product records of GraphQL nodes: rows of a bulk result and products read by page."""

from __future__ import annotations

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.trace import guarded
from shared.ports import JsonObject
from shared.products.models import Product, ProductParts, ProductVariant


@guarded
def product_parts(node: JsonObject) -> ProductParts:
    """Read a product, with its variants if the node carries them as `{"nodes": [...]}`.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = v.plain_gid(node["id"])
    variants = node.get("variants")
    return ProductParts(
        product=_product(node, gid),
        tags=v.tags(node.get("tags")),
        variants=tuple([variant(item, gid) for item in variants["nodes"]]) if variants else (),
    )


def _product(node: JsonObject, gid: str) -> Product:
    get = node.get
    category = get("category")
    low, high = _price_range(get("priceRangeV2"))
    inventory = get("totalInventory")
    return Product(
        v.known_id("prd", gid),
        gid,
        v.text(node["title"]),
        v.text(get("handle")),
        v.upper(get("status")) or "",
        v.optional(get("vendor")),
        v.optional(get("productType")),
        v.claim(get("isGiftCard")),
        v.optional(get("descriptionHtml")),
        None if category is None else v.optional(category["id"]),
        None if category is None else v.optional(category.get("fullName")),
        _image(get("featuredMedia")),
        v.optional(get("onlineStoreUrl")),
        None if inventory is None else v.integer(inventory),
        low,
        high,
        v.instant(node["createdAt"]),
        v.instant(node["updatedAt"]),
        v.optional_instant(get("publishedAt")),
    )


def _price_range(node: JsonObject | None) -> v.OptionalPair:
    if node is None:
        return None, None
    low, high = node.get("minVariantPrice"), node.get("maxVariantPrice")
    return (
        None if low is None else v.optional_amount(low["amount"]),
        None if high is None else v.optional_amount(high["amount"]),
    )


def _image(media: JsonObject | None) -> str | None:
    """Return the preview's URL; a video or a media that is still processed may have none."""
    preview = media.get("preview") if media else None
    image = preview.get("image") if preview else None
    return v.optional(image.get("url")) if image else None


@guarded
def variant(node: JsonObject, product_gid: str) -> ProductVariant:
    """Read the row of one variant.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    get = node.get
    gid = v.plain_gid(node["id"])
    quantity, available = get("inventoryQuantity"), get("availableForSale")
    item = get("inventoryItem")
    cost = item.get("unitCost") if item else None
    return ProductVariant(
        derived_id("var", gid),
        gid,
        v.known_id("prd", product_gid),
        v.text(get("title")),
        v.optional(get("sku")),
        v.optional(get("barcode")),
        v.integer(get("position")),
        v.amount(node["price"]),
        v.optional_amount(get("compareAtPrice")),
        None if cost is None else v.amount(cost["amount"]),
        v.claim(get("taxable")),
        None if quantity is None else v.integer(quantity),
        v.upper(get("inventoryPolicy")),
        None if available is None else v.claim(available),
        v.instant(node["createdAt"]),
        v.instant(get("updatedAt") or node["createdAt"]),
    )
