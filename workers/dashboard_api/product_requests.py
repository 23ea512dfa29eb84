"""What the product routes take and give."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from dashboard_api.bindings import DashboardBindings
from dashboard_api.measurements import measured
from dashboard_api.schemas import RunRead
from shared.http.pagination import PageParameters
from shared.performance.schemas import PerformancePage, PerformanceQuery, ProductMeasurementDatum
from shared.products.catalog import get_product
from shared.products.schemas import ProductParts


class ProductParameters(PageParameters):
    """The query parameters of the product list."""

    text: Annotated[
        str | None,
        Field(max_length=200, pattern=r"^[^\x00]*$", description="Part of the title, in any case."),
    ] = None
    tag: Annotated[
        str | None,
        Field(max_length=255, pattern=r"^[^\x00]*$", description="A whole tag, in any case."),
    ] = None
    is_active: bool | None = None


class ProductMeasured(ProductParts):
    """One product with its measures on the newest as-of day."""

    measures: ProductMeasurementDatum | None = Field(
        description="Null until the first refresh that knows the product."
    )


class TagSyncStatus(BaseModel):
    """How the newest tag sync is, or went."""

    run: RunRead | None = Field(description="Null if none has started among the last 500 runs.")


async def measured_product(bindings: DashboardBindings, product_id: str) -> ProductMeasured:
    """Return a product with its tags, variants and measures.

    Raises:
        ProductNotFound: There is no such product.
    """
    async with bindings.databases.open() as db:
        parts = await get_product(db, product_id)
    query = PerformanceQuery(product_id=product_id, limit=1).model_dump(mode="json")
    page = PerformancePage.model_validate(await measured(bindings, "performance", query))
    return ProductMeasured(
        product=parts.product,
        tags=parts.tags,
        variants=parts.variants,
        measures=next(iter(page.items), None),
    )
