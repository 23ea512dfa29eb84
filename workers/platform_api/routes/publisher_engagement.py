"""Routes where a publisher reads its engagement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from platform_api.dependencies import Bound, EngagementReader
from shared.engagement.report_schemas import EngagementReport, LiveCounters
from shared.engagement.reports import engagement_report, live_counters, report_query
from shared.http.problems import responses
from shared.performance.sql_engagement import EngagementGroup

router = APIRouter(prefix="/v1/publisher", tags=["Publisher"])

_SIGNED: Final[dict[str, Any]] = {"security": [{"key": []}, {"token": []}]}
_REFUSED: Final = (400, 403, 429)


@router.get(
    "/engagement",
    summary="Report one's own engagement",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def read_engagement(
    bindings: Bound,
    caller: EngagementReader,
    group_by: EngagementGroup = "day",
    since: Annotated[date | None, Query(description="29 days before `until`.")] = None,
    until: Annotated[date | None, Query(description="Today, in the shop's time zone.")] = None,
) -> EngagementReport:
    """Each event once; bots apart. A few minutes behind. Needs the scope `engagement:read`."""
    query = report_query(
        caller.publisher_id,
        since=since,
        until=until,
        group_by=group_by,
        timezone=bindings.settings.SHOP_TIMEZONE,
        now=bindings.clock.now(),
    )
    report = await engagement_report(bindings.measurement, bindings.cache, query)
    return EngagementReport.model_validate(report)


@router.get(
    "/counters",
    summary="Read one's own live counts",
    responses=responses(*_REFUSED),
    openapi_extra=_SIGNED,
)
async def read_counters(
    bindings: Bound,
    caller: EngagementReader,
    since: Annotated[AwareDatetime | None, Query(description="A day ago; at most 90.")] = None,
) -> LiveCounters:
    """By item, the most clicked first, within seconds. Needs the scope `engagement:read`."""
    return await live_counters(
        bindings.counters, caller.publisher_id, since=since, now=bindings.clock.now()
    )
