"""The documents in which the lake is asked for engagement, and live counts are shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.performance.sql_engagement import EngagementGroup

ENGAGEMENT: Final = "engagement"
"""The name of the query."""
DAYS_MAX: Final = 366
GROUPS_MAX: Final = 1_000


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EngagementQuery(_Document):
    """Whose engagement, on which days of which time zone."""

    publisher_id: Annotated[str, Field(max_length=100)]
    since: date
    until: date
    timezone: Annotated[str, Field(max_length=64)]
    group_by: EngagementGroup = "day"
    limit: Annotated[int, Field(ge=1, le=GROUPS_MAX)] = GROUPS_MAX


class EngagementCounts(BaseModel):
    """How often persons did what."""

    clicks: int = 0
    impressions: int = 0
    views: int = 0
    engagements: int = 0
    conversions: int = Field(0, description="Orders that are attributed to the publisher.")
    reported_conversions: int = Field(
        0, description="What its own server reports: one order may be here and among those too."
    )
    visitors: int = Field(0, description="Different ones of each day, added up.")
    not_by_persons: int = Field(0, description="Events of bots and prefetches, counted nowhere.")


class EngagementRow(EngagementCounts):
    """The counts of a day, an item or a publication."""

    key: str = Field(description="The day, or the id of the item or publication.")


class EngagementReport(BaseModel):
    """Engagement as the lake has it: each event once, however often it was sent."""

    items: list[EngagementRow]
    total: EngagementCounts
    is_cut: bool = Field(description="There are more groups; ask for fewer days.")
    since: date
    until: date
    snapshot_id: str | None = Field(description="Of the events; null before the first.")


class LiveTotal(BaseModel):
    """What persons did with all the items of a publisher, counted as it happens."""

    clicks: int
    impressions: int
    views: int
    engagements: int
    conversions: int = Field(description="What the publisher's server reports.")


class LiveCounts(LiveTotal):
    """The same with one of the items."""

    item_id: str


class LiveCounters(BaseModel):
    """The live counts of a publisher; they may be sampled, and count what is sent twice twice."""

    items: list[LiveCounts]
    total: LiveTotal
    since: datetime
    as_of: datetime
