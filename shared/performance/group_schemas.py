"""The documents of sales by group: by tag, by tag group or by designer, over days of any length."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared import limits
from shared.errors import FieldProblem, InvalidInput

GROUP_SALES: Final = "group-sales"
"""The name of the read."""
DAYS_DEFAULT: Final = 30
DAYS_MAX: Final = 400

GroupBy = Literal["tag", "category", "designer"]
GroupSort = Literal["units", "revenue_minor", "products", "name"]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GroupQuery(_Document):
    """Which groups, over which days, in which order."""

    group_by: GroupBy = "tag"
    names: Annotated[list[str] | None, Field(max_length=10_000)] = None
    """Only these groups, in any case; None is all."""
    since: date | None = None
    until: date | None = None
    sort: GroupSort = "units"
    limit: Annotated[int, Field(ge=1, le=limits.PAGE_SIZE_MAX)] = limits.PAGE_SIZE_DEFAULT
    cursor: Annotated[str | None, Field(max_length=2_000)] = None

    def days(self, as_of: date) -> tuple[date, date]:
        """Return the first and the last day; what is not named ends on the as-of day.

        Raises:
            InvalidInput: There is no day between them, or too many. It points to `from`, as the
                parameter is called wherever days are asked for.
        """
        until = self.until or as_of
        since = self.since or _days_before(until, DAYS_DEFAULT - 1)
        if not 0 <= (until - since).days < DAYS_MAX:
            earliest = _days_before(until, DAYS_MAX - 1)
            detail = f"must be a day from {earliest.isoformat()} to {until.isoformat()}"
            raise InvalidInput(f"/from: {detail}", problems=[FieldProblem("/from", detail)])
        return since, until


def _days_before(day: date, count: int) -> date:
    """Return the day that many days before, or the first one that there is."""
    return date.min + max(day - date.min - timedelta(days=count), timedelta(0))


class GroupTotals(_Document):
    """What products sold together. Units and revenue are net; what came back is in them."""

    products: int = 0
    active_products: int = 0
    units: int = 0
    revenue_minor: int = 0
    refunded_units: int = 0
    refunded_minor: int = 0


class GroupSales(GroupTotals):
    """What the products of one group sold together."""

    name: str


class GroupPage(_Document):
    """One page of groups. A product in several of them counts in each, and in `total` once."""

    items: list[GroupSales]
    total: GroupTotals
    """Of every group that was asked for, not of this page only."""
    next_cursor: str | None
    currency: str | None
    since: date | None
    until: date | None
    as_of: date | None
    """The day whose tags, groups and designers products are counted under."""
    snapshot_id: str | None
