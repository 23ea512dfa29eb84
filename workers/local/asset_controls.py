"""What a developer may ask about assets by hand: share a file, take over, audit, mend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Final

from ingest.bindings import IngestBindings

from shared.assets.ingestions import request_ingestion
from shared.assets.metafields import audit_metafields
from shared.assets.upkeep import backfill_assets, repair_content_types
from shared.errors import InvalidInput
from shared.integrations.shopify.client import ShopifyClient
from shared.ports import JsonObject

REQUESTER: Final = "command line"


async def ingest_one(ingest: IngestBindings, text: str) -> JsonObject:
    """Take one file over: a product's id and a share link, with a space between."""
    product_id, _, link = text.partition(" ")
    async with ingest.databases.open() as db:
        request = await request_ingestion(
            db,
            ingest.queue,
            product_id=product_id,
            dropbox_url=link,
            at=ingest.clock.now(),
            by=REQUESTER,
        )
    return {"artifact_id": request.id, "runs": [request.run_id]}


async def backfill(ingest: IngestBindings, limit: str) -> JsonObject:
    """Ask for the files whose products' metafields still lead to Dropbox."""
    if not limit.isascii() or not limit.isdigit():
        raise InvalidInput("the limit is no number")
    async with _shopify(ingest) as client:
        done = await backfill_assets(
            ingest.databases,
            ingest.queue,
            client,
            base_url=ingest.settings.ASSET_BASE_URL,
            at=ingest.clock.now(),
            by=REQUESTER,
            limit=int(limit),
        )
    return {**asdict(done), "runs": [f"asset-ingest-{identity}" for identity in done.asked]}


async def audit(ingest: IngestBindings, _: str) -> JsonObject:
    """Compare every product's metafield with its assets."""
    async with _shopify(ingest) as client:
        base_url = ingest.settings.ASSET_BASE_URL
        return asdict(await audit_metafields(ingest.databases, client, base_url=base_url))


async def repair(ingest: IngestBindings, _: str) -> JsonObject:
    """Give every stored asset the content type of its bytes."""
    done = await repair_content_types(
        ingest.databases, ingest.assets, at=ingest.clock.now(), by=REQUESTER
    )
    return asdict(done)


@asynccontextmanager
async def _shopify(ingest: IngestBindings) -> AsyncIterator[ShopifyClient]:
    async with ingest.http() as http:
        yield ShopifyClient(http, settings=ingest.settings, clock=ingest.clock)
