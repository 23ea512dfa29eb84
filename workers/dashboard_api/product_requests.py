"""What the product routes take and give."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, Field

from dashboard_api.asset_requests import DesignAssetRead
from dashboard_api.bindings import DashboardBindings
from dashboard_api.combo_requests import ComboLog
from dashboard_api.measurements import measured
from dashboard_api.schemas import RunRead
from shared.assets.ingestions import assets_of
from shared.combos.repository import Combos
from shared.http.pagination import PageParameters
from shared.performance.schemas import PerformancePage, PerformanceQuery, ProductMeasurementDatum
from shared.products.catalog import get_product
from shared.products.schemas import ProductParts

_SHOWN: Final = 20


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
    assets: list[DesignAssetRead] = Field(description="The newest ones.")
    combos: list[ComboLog] = Field(description="The newest combo logs that name the product.")


class TagSyncStatus(BaseModel):
    """How the newest tag sync is, or went."""

    run: RunRead | None = Field(description="Null if none has started among the last 500 runs.")


async def measured_product(bindings: DashboardBindings, product_id: str) -> ProductMeasured:
    """Return a product with its tags, variants, measures, assets and combos.

    Raises:
        ProductNotFound: There is no such product.
    """
    async with bindings.databases.open() as db:
        parts = await get_product(db, product_id)
        assets = await assets_of(db, product_id, limit=_SHOWN)
        combos = await Combos(db).newest(product_id=product_id, limit=_SHOWN)
    query = PerformanceQuery(product_id=product_id, limit=1).model_dump(mode="json")
    page = PerformancePage.model_validate(await measured(bindings, "performance", query))
    return ProductMeasured(
        product=parts.product,
        tags=parts.tags,
        variants=parts.variants,
        measures=next(iter(page.items), None),
        assets=[DesignAssetRead.of(asset, bindings.settings) for asset in assets],
        combos=[ComboLog.of(kept) for kept in combos],
    )
