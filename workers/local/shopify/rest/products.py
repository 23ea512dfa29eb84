"""The REST body of a product, as webhooks carry it."""

from __future__ import annotations

from local.shopify.catalogue import Product, Variant
from local.shopify.instants import local_text
from local.shopify.money import rest_text
from local.shopify.store import Store
from shared.ports import JsonObject

_VARIANTS_MAX = 100


def product_body(product: Product, store: Store) -> JsonObject:
    """Return everything Shopify sends of a product: of many variants the first hundred."""
    zone = store.shop.timezone
    variants = [one for one in product.variants if one.id not in product.deleted_variants]
    image = _image(product, store)
    return {
        "id": product.id,
        "admin_graphql_api_id": product.gid,
        "title": product.title,
        "body_html": product.description_html,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "created_at": local_text(product.created_at, zone),
        "handle": product.handle,
        "updated_at": local_text(product.updated_at, zone),
        "published_at": local_text(product.published_at, zone),
        "template_suffix": None,
        "published_scope": "web",
        "tags": ", ".join(product.tags),
        "status": product.status.lower(),
        "variants": [_variant(one, store) for one in variants[:_VARIANTS_MAX]],
        "variant_gids": [
            {
                "admin_graphql_api_id": one.gid,
                "updated_at": local_text(one.updated_at, zone),
            }
            for one in variants
        ],
        "options": [
            {
                "id": product.id + position,
                "product_id": product.id,
                "name": name,
                "position": position + 1,
                "values": list(values),
            }
            for position, (name, values) in enumerate(product.options)
        ],
        "images": [image] if image else [],
        "image": image,
        "category": {
            "admin_graphql_api_id": product.category[0],
            "full_name": product.category[1],
        }
        if product.category
        else None,
    }


def _image(product: Product, store: Store) -> JsonObject | None:
    if product.image_url is None:
        return None
    at = local_text(product.created_at, store.shop.timezone)
    return {
        "id": product.id,
        "alt": None,
        "position": 1,
        "product_id": product.id,
        "created_at": at,
        "updated_at": at,
        "admin_graphql_api_id": f"gid://shopify/MediaImage/{product.id}",
        "width": 1200,
        "height": 900,
        "src": product.image_url,
        "variant_ids": [],
    }


def _variant(variant: Variant, store: Store) -> JsonObject:
    zone, currency = store.shop.timezone, store.shop.currency
    options = [value for _, value in variant.options] + [None, None, None]
    compare = variant.compare_at_price
    return {
        "id": variant.id,
        "admin_graphql_api_id": variant.gid,
        "product_id": variant.product.id,
        "title": variant.title,
        "price": rest_text(variant.price, currency),
        "position": variant.position,
        "inventory_policy": variant.inventory_policy.lower(),
        "compare_at_price": None if compare is None else rest_text(compare, currency),
        "option1": options[0],
        "option2": options[1],
        "option3": options[2],
        "created_at": local_text(variant.created_at, zone),
        "updated_at": local_text(variant.updated_at, zone),
        "taxable": variant.taxable,
        "barcode": variant.barcode,
        "fulfillment_service": "manual",
        "grams": variant.grams,
        "inventory_management": "shopify",
        "requires_shipping": variant.requires_shipping,
        "sku": variant.sku,
        "weight": variant.grams / 1000,
        "weight_unit": "kg",
        "inventory_item_id": variant.id,
        "inventory_quantity": variant.inventory,
        "old_inventory_quantity": variant.inventory,
        "image_id": None,
    }
