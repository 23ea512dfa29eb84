"""Reads of the measurement tables for the API: cached by snapshot, errors as the request's."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Final

from dashboard_api.bindings import DashboardBindings
from shared.errors import BadRequest, InvalidInput
from shared.performance.models import ClassificationSpec
from shared.performance.preview_schemas import (
    KNOWN_MAX,
    PREVIEW,
    ClassificationPreview,
    PreviewQuery,
)
from shared.performance.repository import known_products
from shared.ports import Cache, JsonObject

NEWEST: Final = "measurement:newest-snapshot"
NEWEST_KEPT: Final = timedelta(minutes=1)
"""How long a finished refresh may stay unseen."""
ANSWERS_KEPT: Final = timedelta(hours=1)


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
