"""Routes over products."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.dependencies import Bound
from dashboard_api.pages import page_of, position_of
from dashboard_api.product_requests import (
    EntityId,
    ProductMeasured,
    ProductParameters,
    measured_product,
)
from shared.http.pagination import Page
from shared.http.problems import responses
from shared.products.catalog import list_products
from shared.products.schemas import ProductRead

router = APIRouter(prefix="/api/products", tags=["Products"])


@router.get("", summary="List products", responses=responses(400))
async def find_products(
    bindings: Bound, asked: Annotated[ProductParameters, Query()]
) -> Page[ProductRead]:
    """Products as Shopify has them, deleted ones included, in the order of their ids."""
    (after,) = position_of(asked.cursor, "after") or ("",)
    filters = asked.model_dump(include={"text", "tag", "is_active"})
    async with bindings.databases.open() as db:
        found = await list_products(db, **filters, after=after, limit=asked.limit + 1)
    return page_of(found, asked.limit, lambda last: {"after": last.id})


@router.get("/{product_id}", summary="Read one product", responses=responses(400, 404))
async def read_product(bindings: Bound, product_id: EntityId) -> ProductMeasured:
    """The product with its tags and their groups, its variants, and its measures."""
    return await measured_product(bindings, product_id)
