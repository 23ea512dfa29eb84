"""Products as staff sees them: a line of the list, and one with its tags and variants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class ProductRead(BaseModel):
    """One product of the shop."""

    model_config = ConfigDict(frozen=True)

    id: str
    shopify_gid: str
    title: str
    handle: str
    status: str
    is_active: bool = Field(description="Status ACTIVE, and not deleted.")
    vendor: str | None
    product_type: str | None
    category_name: str | None
    image_url: str | None
    online_store_url: str | None
    total_inventory: int | None
    price_min: Decimal | None
    price_max: Decimal | None
    created_at: datetime
    shopify_updated_at: datetime
    published_at: datetime | None
    deleted_at: datetime | None
    tags: list[str]


class ProductTagRead(BaseModel):
    """A tag of one product, and the group that it is classified into."""

    id: str
    name: str
    group_id: str | None
    group_name: str | None


class ProductVariantRead(BaseModel):
    """One variant of a product."""

    id: str
    shopify_gid: str
    title: str
    sku: str | None
    barcode: str | None
    position: int
    price: Decimal
    compare_at_price: Decimal | None
    inventory_quantity: int | None
    available_for_sale: bool | None


class ProductParts(BaseModel):
    """What the database knows of one product."""

    product: ProductRead
    tags: list[ProductTagRead]
    variants: list[ProductVariantRead]
