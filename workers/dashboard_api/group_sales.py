"""Sales by group as the routes give them: with the designer, or the tag group, they belong to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dashboard_api.bindings import DashboardBindings
from dashboard_api.measurements import measured
from dashboard_api.order_requests import DayParameters
from dashboard_api.pages import page_of, position_of
from shared import limits
from shared.clock import IsoDate
from shared.http.pagination import Page
from shared.performance.group_schemas import (
    GROUP_SALES,
    GroupPage,
    GroupQuery,
    GroupSales,
    GroupSort,
    GroupTotals,
)
from shared.ports import Database
from shared.tags.designers import Designer, list_designers
from shared.tags.groups import TagGroupNotFound, get_tag_group
from shared.tags.repository import ProductCategories, ProductTags
from shared.tags.schemas import Name, TagGroup


class TagPerformanceQuery(BaseModel):
    """Which tags, over which days, in which order."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"tags": ["Summer"], "sort": "units"}}
    )

    tags: Annotated[list[Name] | None, Field(min_length=1, max_length=1_000)] = None
    since: Annotated[IsoDate | None, Field(alias="from")] = None
    until: Annotated[IsoDate | None, Field(alias="to")] = None
    sort: GroupSort = "units"
    limit: Annotated[int, Field(ge=1, le=limits.PAGE_SIZE_MAX)] = limits.PAGE_SIZE_DEFAULT
    cursor: Annotated[str | None, Field(max_length=2_000)] = None


class DesignerSales(Designer):
    """A designer with the sales of the products that were theirs at the last refresh."""

    sales: GroupTotals


class DesignerPage(Page[DesignerSales]):
    """One page of designers, and the days that their sales are of."""

    currency: str | None
    since: date | None
    until: date | None
    as_of: date | None


class TagShare(GroupSales):
    """What one tag's products sold, and their part in the group's."""

    share_of_products: float | None
    share_of_units: float | None = Field(description="Null where the group sold nothing.")


class TagDistribution(Page[TagShare]):
    """How the products and sales of a tag group spread over its tags.

    A product with two tags of the group counts under both, so shares may add up to more than 1.
    """

    group: TagGroup
    total: GroupTotals
    currency: str | None
    since: date | None
    until: date | None
    as_of: date | None


async def group_sales(bindings: DashboardBindings, query: GroupQuery) -> GroupPage:
    """Return one page of groups with what they sold."""
    answer = await measured(bindings, GROUP_SALES, query.model_dump(mode="json"))
    return GroupPage.model_validate(answer)


async def tag_performance(bindings: DashboardBindings, asked: TagPerformanceQuery) -> GroupPage:
    """Return one page of tags with what their products sold."""
    fields = {"names": asked.tags, **asked.model_dump(exclude={"tags"})}
    return await group_sales(bindings, GroupQuery(**fields))


async def designer_page(bindings: DashboardBindings, asked: DayParameters) -> DesignerPage:
    """Return one page of designers with the sales that are attributed to them."""
    (after,) = position_of(asked.cursor, "after") or ("",)
    async with bindings.databases.open() as db:
        found = await list_designers(db, after=after, limit=asked.limit + 1)
    page = page_of(found, asked.limit, lambda last: {"after": last.name})
    query = GroupQuery(
        group_by="designer",
        names=[designer.name for designer in page.items],
        since=asked.since,
        until=asked.until,
        limit=limits.PAGE_SIZE_MAX,
    )
    sales = await group_sales(bindings, query)
    by_name = {group.name.lower(): group for group in sales.items}
    return DesignerPage(
        items=[
            DesignerSales(
                name=designer.name, tags=designer.tags, sales=_totals(by_name, designer.name)
            )
            for designer in page.items
        ],
        next_cursor=page.next_cursor,
        currency=sales.currency,
        since=sales.since,
        until=sales.until,
        as_of=sales.as_of,
    )


async def group_named(db: Database, name: str) -> TagGroup:
    """Return the tag group of this name, in any case. Raises TagGroupNotFound."""
    group_id = await ProductCategories(db).id_of(name)
    if group_id is None:
        raise TagGroupNotFound(name)
    return await get_tag_group(db, group_id)


async def distribution(
    bindings: DashboardBindings, group: TagGroup, tags: list[str], asked: DayParameters
) -> TagDistribution:
    """Return one page of a group's tags with their parts in what the group sold."""
    query = GroupQuery(
        names=tags, since=asked.since, until=asked.until, limit=asked.limit, cursor=asked.cursor
    )
    page = await group_sales(bindings, query)
    return TagDistribution(
        items=[_share(item, page.total) for item in page.items],
        next_cursor=page.next_cursor,
        group=group,
        total=page.total,
        currency=page.currency,
        since=page.since,
        until=page.until,
        as_of=page.as_of,
    )


async def tags_of(db: Database, group: TagGroup) -> list[str]:
    """Return the tags that are classified into a group now."""
    return list(await ProductTags(db).names_in(group.id))


def _share(item: GroupSales, total: GroupTotals) -> TagShare:
    return TagShare(
        **item.model_dump(),
        share_of_products=_part(item.products, total.products),
        share_of_units=_part(item.units, total.units),
    )


def _part(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _totals(by_name: dict[str, GroupSales], name: str) -> GroupTotals:
    found = by_name.get(name.lower())
    return GroupTotals(**found.model_dump(exclude={"name"})) if found else GroupTotals()
