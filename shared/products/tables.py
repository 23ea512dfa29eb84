"""The tables that a product's records are kept in."""

from __future__ import annotations

from typing import Final

from shared.products.models import Product, ProductVariant
from shared.records import RecordTable, Stamp

_WRITTEN_BY: Final = Stamp("written_by", "$1", "excluded.written_by")

_ROOT: Final = (_WRITTEN_BY, Stamp("version", "1", "t.version + 1"))
_GUARD: Final = "excluded.shopify_updated_at >= t.shopify_updated_at"

PRODUCTS: Final = RecordTable("product", Product, stamps=_ROOT, guard=_GUARD)
VARIANTS: Final = RecordTable("product_variant", ProductVariant, stamps=(_WRITTEN_BY,))

# What a webhook body does not say stays as it was read otherwise.
SPARSE_PRODUCTS: Final = RecordTable(
    "product",
    Product,
    stamps=_ROOT,
    kept_columns=("online_store_url", "category_gid", "category_name"),
    settled_columns=("is_gift_card",),
    guard=_GUARD,
)
SPARSE_VARIANTS: Final = RecordTable(
    "product_variant",
    ProductVariant,
    stamps=(_WRITTEN_BY,),
    kept_columns=("unit_cost", "available_for_sale"),
)
