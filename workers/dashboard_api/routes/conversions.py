"""The route over attributed orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from dashboard_api.commission_requests import ConversionParameters
from dashboard_api.dependencies import Bound
from shared.commissions.reading_repository import CommissionReads
from shared.commissions.schemas import ConversionRead
from shared.http.newest import newest_page, position_of
from shared.http.pagination import Page
from shared.http.problems import responses

router = APIRouter(prefix="/api/conversions", tags=["Commissions"])


@router.get("", summary="List attributed orders", responses=responses(400))
async def list_conversions(
    bindings: Bound, asked: Annotated[ConversionParameters, Query()]
) -> Page[ConversionRead]:
    """The order placed last first; those that earn nothing say why."""
    async with bindings.databases.open() as db:
        found = await CommissionReads(db).conversions(
            publisher_id=asked.publisher_id,
            order_id=asked.order_id,
            earns_nothing_because=asked.earns_nothing_because,
            before=position_of(asked.cursor),
            limit=asked.limit + 1,
        )
    return newest_page(found, asked.limit, by="ordered_at")
