"""What a publisher reads of its engagement: reports of the lake, and counts as they happen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.engagement.report_schemas import (
    DAYS_MAX,
    ENGAGEMENT,
    EngagementQuery,
    LiveCounters,
    LiveCounts,
    LiveTotal,
)
from shared.errors import BadRequest, FieldProblem
from shared.performance.sql_engagement import EngagementGroup
from shared.ports import Cache, Counters, JsonObject, Measurement

DAYS: Final = 30
NEWEST: Final = "engagement:newest-snapshot"
NEWEST_KEPT: Final = timedelta(minutes=1)
REPORTS_KEPT: Final = timedelta(hours=1)
_COUNTS: Final = tuple(LiveTotal.model_fields)
"""In the order of a counter point's doubles."""
COUNTERS_KEPT: Final = timedelta(days=90)
"""How far back live counts go."""


def report_query(
    publisher_id: str,
    *,
    since: date | None,
    until: date | None,
    group_by: EngagementGroup,
    timezone: str,
    now: datetime,
) -> EngagementQuery:
    """Return the question; without days it is about the last 30 of the shop.

    Raises:
        BadRequest: The days are in the wrong order, or too many.
    """
    last = until or now.astimezone(ZoneInfo(timezone)).date()
    first = since or last - timedelta(days=min(DAYS, last.toordinal()) - 1)
    if not first <= last:
        raise _bad("since", "must not be after until")
    if (last - first).days >= DAYS_MAX:
        raise _bad("since", f"may be at most {DAYS_MAX} days before until")
    return EngagementQuery(
        publisher_id=publisher_id, since=first, until=last, timezone=timezone, group_by=group_by
    )


async def engagement_report(
    measurement: Measurement, cache: Cache | None, query: EngagementQuery
) -> JsonObject:
    """Return the report, as `report_schemas.EngagementReport`; cached by snapshot of the events.

    Raises:
        Unavailable: Measurement does not answer.
    """
    request = query.model_dump(mode="json")
    newest = await cache.get(NEWEST) if cache is not None else None
    if cache is not None and isinstance(newest, str):
        kept = await cache.get(_key(newest, request))
        if isinstance(kept, dict):
            return kept
    answer = await measurement.query(ENGAGEMENT, request)
    snapshot = answer.get("snapshot_id")
    if cache is not None and isinstance(snapshot, str):
        await cache.put(_key(snapshot, request), answer, ttl=REPORTS_KEPT)
        if snapshot != newest:
            await cache.put(NEWEST, snapshot, ttl=NEWEST_KEPT)
    return answer


async def live_counters(
    counters: Counters, publisher_id: str, *, since: datetime | None, now: datetime
) -> LiveCounters:
    """Return the live counts of a publisher's items, the most clicked first.

    Raises:
        BadRequest: `since` is in the future or too long ago.
        Unavailable: The counters do not answer.
    """
    start = since or now - timedelta(days=1)
    if not now - COUNTERS_KEPT <= start <= now:
        raise _bad("since", f"must be within the last {COUNTERS_KEPT.days} days")
    totals = await counters.totals(publisher_id, since=start)
    items = [LiveCounts(item_id=item_id, **_counts(one)) for item_id, one in totals.items()]
    items.sort(key=lambda item: (-item.clicks, -item.impressions, item.item_id))
    total = LiveTotal(**{name: sum(getattr(one, name) for one in items) for name in _COUNTS})
    return LiveCounters(items=items, total=total, since=start, as_of=now)


def _counts(doubles: Sequence[float]) -> dict[str, int]:
    return {name: round(number) for name, number in zip(_COUNTS, doubles, strict=False)}


def _key(snapshot: str, request: JsonObject) -> str:
    asked = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return f"engagement:{snapshot}:{hashlib.sha256(asked.encode()).hexdigest()}"


def _bad(name: str, detail: str) -> BadRequest:
    return BadRequest(f"{name}: {detail}", problems=[FieldProblem(f"/{name}", detail)])
