"""Reads of the measurement tables for the API: cached by snapshot, errors as the request's."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Final

from dashboard_api.bindings import DashboardBindings
from shared.errors import BadRequest, InvalidInput, NotFound
from shared.performance.models import ClassificationSpec
from shared.performance.preview_schemas import (
    KNOWN_MAX,
    PREVIEW,
    ClassificationPreview,
    PreviewQuery,
)
from shared.performance.repository import known_products
from shared.performance.schemas import PerformanceSummary, SummaryQuery
from shared.ports import Cache, JsonObject

NEWEST: Final = "measurement:newest-snapshot"
NEWEST_KEPT: Final = timedelta(minutes=1)
"""How long a finished refresh may stay unseen."""
ANSWERS_KEPT: Final = timedelta(hours=1)


class DayNotMeasured(NotFound):
    """There are no measures of this day."""


async def measured(bindings: DashboardBindings, name: str, request: JsonObject) -> JsonObject:
    """Return the answer to a named read.

    Raises:
        BadRequest: The engine does not take a parameter, e.g. a cursor of another list.
    """
    try:
        if bindings.cache is None:
            return await bindings.measurement.query(name, request)
        return await _cached(bindings, bindings.cache, name, request)
    except InvalidInput as error:
        raise BadRequest(error.detail, problems=error.problems) from error


async def performance_summary(
    bindings: DashboardBindings, as_of: date | None
) -> PerformanceSummary:
    """Return the totals of a day, the newest unless another is named.

    Raises:
        DayNotMeasured: The day that is named is not among those that are kept.
    """
    request = SummaryQuery(as_of=as_of).model_dump(mode="json")
    summary = PerformanceSummary.model_validate(await measured(bindings, "summary", request))
    if as_of is not None and summary.as_of is None:
        raise DayNotMeasured(f"nothing was measured on {as_of}; leave as_of out for the newest day")
    return summary


async def classification_preview(
    bindings: DashboardBindings, spec: ClassificationSpec
) -> ClassificationPreview:
    """Return what another spec would change of the newest measures; nothing is written."""
    timezone = bindings.settings.SHOP_TIMEZONE
    async with bindings.databases.open() as db:
        known = await known_products(db, timezone=timezone, limit=KNOWN_MAX)
    query = PreviewQuery(spec=spec, known=list(known)).model_dump(mode="json")
    return ClassificationPreview.model_validate(await measured(bindings, PREVIEW, query))


async def _cached(
    bindings: DashboardBindings, cache: Cache, name: str, request: JsonObject
) -> JsonObject:
    newest = await cache.get(NEWEST)
    if isinstance(newest, str):
        kept = await cache.get(_key(newest, name, request))
        if isinstance(kept, dict):
            return kept
    answer = await bindings.measurement.query(name, request)
    snapshot = answer.get("snapshot_id")
    if isinstance(snapshot, str):
        await cache.put(_key(snapshot, name, request), answer, ttl=ANSWERS_KEPT)
        if snapshot != newest and not request.get("cursor"):
            await cache.put(NEWEST, snapshot, ttl=NEWEST_KEPT)
    return answer


def _key(snapshot: str, name: str, request: JsonObject) -> str:
    asked = json.dumps([name, request], sort_keys=True, separators=(",", ":"))
    return f"measurement:{snapshot}:{hashlib.sha256(asked.encode()).hexdigest()}"
