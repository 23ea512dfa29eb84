"""Finds published items: in the isolate, then in the cache of all, then with one query."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Final

from shared.engagement.bindings import EngagementBindings
from shared.engagement.items_repository import COLUMNS, PublishedItems
from shared.engagement.memory import HELD
from shared.engagement.models import PublishedItem
from shared.engagement.schemas import ITEMS_MAX
from shared.ports import Cache, Json

_ID: Final = re.compile(r"itm_[0-9a-f]{32}\Z")


def beyond_limit(ids: Iterable[str]) -> frozenset[str]:
    """Return the ids that are too many in one request; one that could be no item's is none."""
    asked = [item_id for item_id in dict.fromkeys(ids) if _ID.match(item_id)]
    return frozenset(asked[ITEMS_MAX:])


async def published_items(
    bindings: EngagementBindings, ids: Iterable[str], now: datetime
) -> dict[str, PublishedItem | None]:
    """Return each of these items, or None where it is not public."""
    found: dict[str, PublishedItem | None] = {}
    missing: list[str] = []
    for item_id in set(ids):
        entry = bindings.memory.items.find(item_id, now)
        if entry is not None:
            found[item_id] = entry.value
        elif _ID.match(item_id) is None:
            found[item_id] = None
        else:
            missing.append(item_id)
    if missing:
        read = await _read(bindings, missing, now)
        for item_id in missing:
            found[item_id] = read.get(item_id)
            bindings.memory.items.keep(item_id, read.get(item_id), now)
    return found


async def published_item(
    bindings: EngagementBindings, item_id: str, now: datetime
) -> PublishedItem | None:
    """Return an item, or None where it is not public."""
    return (await published_items(bindings, [item_id], now))[item_id]


async def _read(
    bindings: EngagementBindings, ids: Collection[str], now: datetime
) -> dict[str, PublishedItem]:
    read = await _cached(bindings.cache, ids)
    if rest := [item_id for item_id in ids if item_id not in read]:
        async with bindings.databases.open() as db:
            new = await PublishedItems(db, now=now).by_ids(rest)
        read |= new
        if bindings.cache is not None:
            puts = [bindings.cache.put(_key(i), asdict(item), ttl=HELD) for i, item in new.items()]
            await asyncio.gather(*puts)
    return read


async def _cached(cache: Cache | None, ids: Collection[str]) -> dict[str, PublishedItem]:
    if cache is None:
        return {}
    kept = await asyncio.gather(*(cache.get(_key(item_id)) for item_id in ids))
    items = {item_id: _item(document) for item_id, document in zip(ids, kept, strict=True)}
    return {item_id: item for item_id, item in items.items() if item is not None}


def _item(document: Json) -> PublishedItem | None:
    """Return what an isolate of this version kept; what another one kept is read anew."""
    if isinstance(document, dict) and tuple(document) == COLUMNS:
        return PublishedItem(**document)
    return None


def _key(item_id: str) -> str:
    return f"engagement:item:{item_id}"
