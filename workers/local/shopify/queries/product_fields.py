"""The fields of Product, ProductVariant and Metafield."""

from __future__ import annotations

import json

from local.shopify.catalogue import Metafield, Product, Shop, Variant
from local.shopify.money import rest_text
from local.shopify.queries.fields import (
    Field,
    Fields,
    Kind,
    Reference,
    connection,
    constant,
    from_store,
    many,
    moment,
    one,
    read,
)
from local.shopify.store import Store
from shared.ports import JsonObject


def _variants(product: Product) -> list[Variant]:
    return [one for one in product.variants if one.id not in product.deleted_variants]


def _metafields(product: Product, arguments: JsonObject, _: Store) -> list[Metafield]:
    wanted = arguments.get("namespace")
    keys = arguments.get("keys")
    found = [m for m in product.metafields if wanted is None or m.namespace == wanted]
    return [m for m in found if keys is None or f"{m.namespace}.{m.key}" in keys]


def _metafield(product: Product, arguments: JsonObject, _: Store) -> Metafield | None:
    namespace, key = arguments.get("namespace", "custom"), arguments["key"]
    found = (m for m in product.metafields if (m.namespace, m.key) == (namespace, key))
    return next(found, None)


def _price(attribute: str) -> Field:
    def get(variant: Variant, _: JsonObject, store: Store) -> str | None:
        minor = getattr(variant, attribute)
        return None if minor is None else rest_text(minor, store.shop.currency)

    return from_store(get, Kind.SCALAR)


def _prices(product: Product, _: JsonObject, store: Store) -> tuple[list[int], Shop]:
    return [one.price for one in _variants(product)] or [0], store.shop


def _cost(variant: Variant, _: JsonObject, store: Store) -> tuple[int, str] | None:
    return None if variant.unit_cost is None else (variant.unit_cost, store.shop.currency)


def _url(product: Product, _: JsonObject, store: Store) -> str | None:
    if product.status != "ACTIVE" or product.published_at is None:
        return None
    return f"https://{store.shop.domain}/products/{product.handle}"


def _category(product: Product) -> Reference | None:
    return Reference(*product.category) if product.category else None


def _image(product: Product) -> Reference | None:
    if product.image_url is None:
        return None
    return Reference(f"gid://shopify/MediaImage/{product.id}", product.image_url)


def _options(product: Product) -> list[tuple[int, Product]]:
    return [(position, product) for position in range(len(product.options))]


def _json_value(metafield: Metafield) -> object:
    return json.loads(metafield.value) if metafield.type == "json" else metafield.value


_PRODUCT: Fields = {
    "id": read("gid"),
    "legacyResourceId": Field(lambda product: str(product.id)),
    "title": read("title"),
    "handle": read("handle"),
    "status": read("status"),
    "vendor": read("vendor"),
    "productType": read("product_type"),
    "tags": read("tags"),
    "description": read("title"),
    "descriptionHtml": read("description_html"),
    "bodyHtml": read("description_html"),
    "isGiftCard": read("is_gift_card"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "publishedAt": moment("published_at"),
    "totalInventory": Field(lambda product: sum(one.inventory for one in _variants(product))),
    "totalVariants": Field(lambda product: len(_variants(product))),
    "tracksInventory": constant(value=True),
    "hasOnlyDefaultVariant": Field(lambda product: product.options[0][0] == "Title"),
    "templateSuffix": constant(None),
    "onlineStoreUrl": from_store(_url, Kind.SCALAR),
    "category": one("TaxonomyCategory", _category),
    "options": many("ProductOption", _options),
    "featuredMedia": one("Media", _image),
    "variantsCount": one("Count", lambda product: len(_variants(product))),
    "priceRangeV2": from_store(_prices, Kind.OBJECT, "ProductPriceRangeV2"),
    "seo": one("SEO", lambda product: product),
    "variants": connection("ProductVariant", _variants),
    "metafields": from_store(_metafields, Kind.CONNECTION, "Metafield"),
    "metafield": from_store(_metafield, Kind.OBJECT, "Metafield"),
}

_VARIANT: Fields = {
    "id": read("gid"),
    "legacyResourceId": Field(lambda variant: str(variant.id)),
    "title": read("title"),
    "displayName": Field(lambda variant: f"{variant.product.title} - {variant.title}"),
    "sku": read("sku"),
    "barcode": read("barcode"),
    "position": read("position"),
    "price": _price("price"),
    "compareAtPrice": _price("compare_at_price"),
    "taxable": read("taxable"),
    "inventoryQuantity": read("inventory"),
    "inventoryPolicy": read("inventory_policy"),
    "availableForSale": Field(
        lambda variant: variant.inventory > 0 or variant.inventory_policy == "CONTINUE"
    ),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "selectedOptions": many("SelectedOption", "options"),
    "inventoryItem": one("InventoryItem", lambda variant: variant),
    "product": one("Product", "product"),
}

_METAFIELD: Fields = {
    "id": read("gid"),
    "legacyResourceId": Field(lambda metafield: str(metafield.id)),
    "namespace": read("namespace"),
    "key": read("key"),
    "type": read("type"),
    "value": read("value"),
    "jsonValue": Field(_json_value),
    "compareDigest": read("digest"),
    "createdAt": moment("created_at"),
    "updatedAt": moment("updated_at"),
    "ownerType": constant("PRODUCT"),
}

_INVENTORY_ITEM: Fields = {
    "id": Field(lambda variant: f"gid://shopify/InventoryItem/{variant.id}"),
    "sku": read("sku"),
    "tracked": constant(value=True),
    "requiresShipping": read("requires_shipping"),
    "unitCost": from_store(_cost, Kind.OBJECT, "MoneyV2"),
    "measurement": one("InventoryItemMeasurement", lambda variant: variant),
}

TYPES: dict[str, Fields] = {
    "Product": _PRODUCT,
    "ProductVariant": _VARIANT,
    "Metafield": _METAFIELD,
    "InventoryItem": _INVENTORY_ITEM,
    "InventoryItemMeasurement": {"weight": one("Weight", "grams")},
    "Weight": {"value": Field(float), "unit": constant("GRAMS")},
    "SelectedOption": {"name": Field(lambda pair: pair[0]), "value": Field(lambda pair: pair[1])},
    "ProductOption": {
        "id": Field(lambda pair: f"gid://shopify/ProductOption/{pair[1].id + pair[0]}"),
        "name": Field(lambda pair: pair[1].options[pair[0]][0]),
        "position": Field(lambda pair: pair[0] + 1),
        "values": Field(lambda pair: list(pair[1].options[pair[0]][1])),
    },
    "TaxonomyCategory": {"id": read("gid"), "fullName": read("name"), "name": read("name")},
    "MediaImage": {
        "id": read("gid"),
        "alt": constant(None),
        "preview": one("MediaPreviewImage", lambda found: found),
    },
    "MediaPreviewImage": {"image": one("Image", lambda found: found)},
    "Image": {"url": read("name"), "altText": constant(None)},
    "Count": {"count": Field(int), "precision": constant("EXACT")},
    "SEO": {"title": read("title"), "description": constant(None)},
    "ProductPriceRangeV2": {
        "minVariantPrice": one("MoneyV2", lambda pair: (min(pair[0]), pair[1].currency)),
        "maxVariantPrice": one("MoneyV2", lambda pair: (max(pair[0]), pair[1].currency)),
    },
}
