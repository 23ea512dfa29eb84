"""Maintenance of assets: takes old links over in batches, and mends content types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.assets.content import HEAD_BYTES, ContentRefused, media_of
from shared.assets.ingestions import request_ingestion
from shared.assets.metafields import Verdict, metafield_findings
from shared.assets.names import PREFIX
from shared.assets.repository import AssetRows
from shared.ids import derived_id
from shared.integrations.shopify.client import ShopifyClient
from shared.ports import Databases, ObjectInfo, ObjectStore, Queue

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What a batch did: the links it asked for, and how many are left out by its limit."""

    asked: tuple[str, ...]
    left: int


@dataclass
class Repaired:
    """What a repair of content types saw and mended."""

    checked: int = 0
    objects: int = 0
    rows: int = 0
    unknown: int = 0
    """Objects that are nothing that is accepted; they stay as they are."""


async def backfill_assets(
    databases: Databases,
    queue: Queue,
    client: ShopifyClient,
    *,
    base_url: str | None,
    at: datetime,
    by: str,
    limit: int,
) -> Backfilled:
    """Ask for every file whose product's metafield still leads to Dropbox.

    A request's id follows from product and link: the same link is taken over once, however often
    this runs; a request that waits is queued again, in case it never was.
    """
    asked: list[str] = []
    left = 0
    async for found in metafield_findings(databases, client, base_url=base_url):
        if found.verdict is not Verdict.DROPBOX or found.value is None:
            continue
        if len(asked) >= limit:
            left += 1
            continue
        async with databases.open() as db:
            request = await request_ingestion(
                db,
                queue,
                product_id=found.product_id,
                dropbox_url=found.value,
                at=at,
                by=by,
                ingest_id=derived_id("mda", "asset_ingest", found.product_id, found.value),
            )
        asked.append(request.id)
    return Backfilled(tuple(asked), left)


async def repair_content_types(
    databases: Databases, assets: ObjectStore, *, at: datetime, by: str
) -> Repaired:
    """Give every asset the content type of its bytes, in the bucket and in its row."""
    done = Repaired()
    cursor: str | None = None
    while True:
        page = await assets.list(prefix=PREFIX, cursor=cursor, limit=_PAGE)
        for found in page.objects:
            done.checked += 1
            await _repair(databases, assets, found, done, at=at, by=by)
        if (cursor := page.cursor) is None:
            return done


async def _repair(
    databases: Databases,
    assets: ObjectStore,
    found: ObjectInfo,
    done: Repaired,
    *,
    at: datetime,
    by: str,
) -> None:
    head = await assets.read_range(found.key, offset=0, length=HEAD_BYTES)
    try:
        media = media_of(head)
    except ContentRefused:
        done.unknown += 1
        return
    if found.content_type != media.content_type:
        await assets.put_stream(
            found.key,
            assets.stream(found.key),
            content_type=media.content_type,
            metadata=found.metadata,
        )
        done.objects += 1
    async with databases.open() as db:
        done.rows += await AssetRows(db).set_content_type(
            found.key, media.content_type, at=at, by=by
        )
