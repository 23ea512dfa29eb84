"""Products as the domain holds them: one record per table row, in the order of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Product(NamedTuple):
    """One Shopify product."""

    id: str
    shopify_gid: str
    title: str
    handle: str
    status: str
    """ACTIVE, ARCHIVED, DRAFT, UNLISTED, or whatever Shopify adds."""
    vendor: str | None
    product_type: str | None
    is_gift_card: bool
    description_html: str | None
    category_gid: str | None
    category_name: str | None
    image_url: str | None
    online_store_url: str | None
    total_inventory: int | None
    price_min: Decimal | None
    price_max: Decimal | None
    created_at: datetime
    shopify_updated_at: datetime
    published_at: datetime | None


class ProductVariant(NamedTuple):
    """One variant of a product."""

    id: str
    shopify_gid: str
    product_id: str
    title: str
    sku: str | None
    barcode: str | None
    position: int
    price: Decimal
    compare_at_price: Decimal | None
    unit_cost: Decimal | None
    is_taxable: bool
    inventory_quantity: int | None
    inventory_policy: str | None
    available_for_sale: bool | None
    created_at: datetime
    shopify_updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProductParts:
    """A product with its tags, and its variants where the source delivered them."""

    product: Product
    tags: tuple[str, ...]
    variants: tuple[ProductVariant, ...] = ()
    is_whole: bool = True
    """Whether every variant that the product has is among them, if any are."""
