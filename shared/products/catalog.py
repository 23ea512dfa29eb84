"""Finds products for staff."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import NotFound
from shared.ports import Database
from shared.products.catalog_repository import ProductReads
from shared.products.schemas import ProductParts, ProductRead


class ProductNotFound(NotFound):
    """There is no such product."""


async def list_products(
    db: Database,
    *,
    text: str | None = None,
    tag: str | None = None,
    is_active: bool | None = None,
    after: str = "",
    limit: int,
) -> Sequence[ProductRead]:
    """Return the products that follow an id; filters that are None do not filter."""
    rows = await ProductReads(db).page(
        text=text, tag=tag, is_active=is_active, after=after, limit=limit
    )
    return [ProductRead.model_validate(dict(row)) for row in rows]


async def require_product(db: Database, product_id: str) -> None:
    """Let the caller go on if there is, or was, such a product. Raises ProductNotFound."""
    if await ProductReads(db).one(product_id) is None:
        raise ProductNotFound(product_id)


async def get_product(db: Database, product_id: str) -> ProductParts:
    """Return a product with its tags and variants. Raises ProductNotFound."""
    reads = ProductReads(db)
    if (row := await reads.one(product_id)) is None:
        raise ProductNotFound(product_id)
    return ProductParts.model_validate(
        {
            "product": dict(row),
            "tags": [dict(tag) for tag in await reads.tags(product_id)],
            "variants": [dict(variant) for variant in await reads.variants(product_id)],
        }
    )
