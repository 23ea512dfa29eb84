"""The tables that a product's records are kept in."""

from __future__ import annotations

from typing import Final

from shared.products.models import Product, ProductVariant
from shared.records import RecordTable, Stamp

_WRITTEN_BY: Final = Stamp("written_by", "$1", "excluded.written_by")

PRODUCTS: Final = RecordTable(
    "product",
    Product,
    stamps=(_WRITTEN_BY, Stamp("version", "1", "t.version + 1")),
    guard="excluded.shopify_updated_at >= t.shopify_updated_at",
)
VARIANTS: Final = RecordTable("product_variant", ProductVariant, stamps=(_WRITTEN_BY,))
