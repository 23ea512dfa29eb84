"""Makes suggestions of what the measurement knows: copies the products once, then reads the copy.

The copy holds one line per active product, so that each pass sees the same snapshot and memory
holds tags and combinations, not products.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared import limits
from shared.combos.repository import Combos
from shared.combos.suggestions import (
    Candidate,
    CombinationTallies,
    Examples,
    Sold,
    Tag,
    TagTallies,
    best_tags,
    candidates,
    suggestion,
)
from shared.performance.schemas import PerformancePage, PerformanceQuery
from shared.ports import Database, JsonObject, Measurement, ObjectStore
from shared.tags.models import tag_id
from shared.tags.repository import ProductCategories, ProductTags

WINDOW: Final = "sales_last_30_days"
_TAG_PAGE: Final = 5_000
_KEY_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class SoldCopy:
    """Where the copy is, how many products it has, and which day and snapshot it is of."""

    key: str
    products: int
    as_of: str | None
    snapshot_id: str | None


def copy_key(run_id: str) -> str:
    """Return the key of the copy that a run makes."""
    return f"measurement/suggestions/{run_id}.jsonl"


async def copy_products(measurement: Measurement, objects: ObjectStore, *, run_id: str) -> SoldCopy:
    """Write one line of every active product: id, units of the window, tags."""
    products = 0
    first: PerformancePage | None = None

    async def lines() -> AsyncIterator[bytes]:
        nonlocal products, first
        cursor: str | None = None
        while True:
            page = await _page(measurement, cursor)
            first = first or page
            products += len(page.items)
            yield "".join(
                json.dumps([item.product_id, getattr(item, WINDOW), item.tags]) + "\n"
                for item in page.items
            ).encode()
            if (cursor := page.next_cursor) is None:
                return

    key = copy_key(run_id)
    await objects.put_stream(key, lines(), content_type="application/x-ndjson")
    as_of = first.as_of.isoformat() if first and first.as_of else None
    return SoldCopy(key, products, as_of, first.snapshot_id if first else None)


async def classified_tags(db: Database) -> dict[str, Tag]:
    """Return every tag that is in a group, by id."""
    groups = {group.id: group.name for group in await ProductCategories(db).list()}
    tags = ProductTags(db)
    found: dict[str, Tag] = {}
    after = ""
    while page := await tags.list(after=after, limit=_TAG_PAGE):
        for tag in page:
            if tag.category_id is not None and tag.category_id in groups:
                found[tag.id] = Tag(tag.id, tag.name, tag.category_id, groups[tag.category_id])
        after = page[-1].id
    return found


async def make_suggestions(
    db: Database, objects: ObjectStore, copy: SoldCopy, *, run_id: str, limit: int
) -> list[JsonObject]:
    """Return the best combinations that have no report or suggestion yet, the best first."""
    known = await classified_tags(db)
    tallies = TagTallies()
    async for sold in _sold(objects, copy.key, known):
        tallies.add(sold)
    tags = best_tags(tallies, known)
    observed = CombinationTallies(tags)
    async for sold in _sold(objects, copy.key, known):
        observed.add(sold)
    chosen = await _unknown(db, candidates(tags, known, tallies, observed), limit)
    examples = Examples([candidate.combination for candidate in chosen])
    async for sold in _sold(objects, copy.key, known):
        examples.add(sold)
    source: JsonObject = {
        "run_id": run_id,
        "window": WINDOW,
        "as_of": copy.as_of,
        "snapshot_id": copy.snapshot_id,
    }
    return [
        suggestion(
            candidate,
            rank,
            known=known,
            tallies=tallies,
            observed=observed,
            examples=examples,
            source=source,
        )
        for rank, candidate in enumerate(chosen, 1)
    ]


async def keep_suggestions(
    db: Database, suggestions: list[JsonObject], *, at: datetime, by: str
) -> int:
    """Keep the suggestions; those that are kept already stay as they are."""
    return await Combos(db).insert_suggestions(suggestions, at=at, by=by)


async def _unknown(db: Database, ranked: list[Candidate], limit: int) -> list[Candidate]:
    combos = Combos(db)
    chosen: list[Candidate] = []
    for start in range(0, len(ranked), _KEY_PAGE):
        page = ranked[start : start + _KEY_PAGE]
        known = await combos.known_keys([candidate.key for candidate in page])
        chosen += [candidate for candidate in page if candidate.key not in known]
        if len(chosen) >= limit:
            break
    return chosen[:limit]


async def _page(measurement: Measurement, cursor: str | None) -> PerformancePage:
    query = PerformanceQuery(
        is_active=True, sort="product_name", limit=limits.PAGE_SIZE_MAX, cursor=cursor
    )
    answer = await measurement.query("performance", query.model_dump(mode="json"))
    return PerformancePage.model_validate(answer)


async def _sold(objects: ObjectStore, key: str, known: Mapping[str, Tag]) -> AsyncIterator[Sold]:
    """Yield the products of a copy with those of their tags that are classified."""
    rest = b""
    async for chunk in objects.stream(key):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                product_id, units, tags = json.loads(line)
                ids = sorted({tag_id(tag) for tag in tags} & known.keys())
                yield Sold(product_id, units, tuple(ids))
