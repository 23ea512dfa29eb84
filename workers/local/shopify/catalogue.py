"""What the emulated shop sells: products, variants, metafields. Times are epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shop:
    """Who the shop is."""

    domain: str = "northwind-goods.myshopify.com"
    name: str = "Northwind Goods"
    timezone: str = "America/New_York"
    currency: str = "USD"
    number: int = 548380009

    @property
    def gid(self) -> str:
        """Return the shop's gid."""
        return f"gid://shopify/Shop/{self.number}"


@dataclass(slots=True)
class Variant:
    """One variant. Prices are minor units of the shop's currency."""

    id: int
    product: Product = field(repr=False)
    title: str
    sku: str | None
    barcode: str | None
    position: int
    price: int
    compare_at_price: int | None
    unit_cost: int | None
    taxable: bool
    requires_shipping: bool
    inventory: int
    inventory_policy: str
    grams: int
    created_at: int
    updated_at: int
    options: tuple[tuple[str, str], ...]

    @property
    def gid(self) -> str:
        """Return the variant's gid."""
        return f"gid://shopify/ProductVariant/{self.id}"


@dataclass(slots=True)
class Metafield:
    """One metafield of a product; its digest is what compareDigest compares."""

    id: int
    namespace: str
    key: str
    type: str
    value: str
    digest: str
    created_at: int
    updated_at: int

    @property
    def gid(self) -> str:
        """Return the metafield's gid."""
        return f"gid://shopify/Metafield/{self.id}"


@dataclass(slots=True)
class Product:
    """One product with its variants."""

    id: int
    title: str
    handle: str
    status: str
    vendor: str
    product_type: str
    tags: list[str]
    description_html: str
    is_gift_card: bool
    category: tuple[str, str] | None
    """Taxonomy gid and full name."""
    image_url: str | None
    created_at: int
    updated_at: int
    published_at: int | None
    options: tuple[tuple[str, tuple[str, ...]], ...]
    variants: list[Variant] = field(default_factory=list, repr=False)
    metafields: list[Metafield] = field(default_factory=list, repr=False)
    is_deleted: bool = False
    """Sold in the past, gone from the shop: lines show neither product nor variant."""
    deleted_variants: frozenset[int] = frozenset()

    @property
    def gid(self) -> str:
        """Return the product's gid."""
        return f"gid://shopify/Product/{self.id}"
