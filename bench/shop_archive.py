"""Renders the archive of a generated shop as the emulated Shopify would, without HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from local.shopify.api import AdminApi
from local.shopify.bulk.jsonl import RowWriter
from local.shopify.bulk.rules import compile_bulk
from local.shopify.faults import Faults
from local.shopify.options import EmulatorOptions
from local.shopify.shops import generated_store

from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.integrations.shopify import queries
from shared.sync.archive import archive_key
from shared.sync.order_load import RETURNS

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEED = 7


async def render_archive(store: DirectoryObjectStore, run_id: str, *, orders: int) -> int:
    """Write the archive of a run over a shop of so many orders; return its size in bytes."""
    shop = generated_store(seed=SEED, orders=orders, anchor=ANCHOR)
    options = EmulatorOptions()
    api = AdminApi(shop, options, Faults())
    try:
        query = queries.orders_bulk(None, ANCHOR, scopes=frozenset(options.scopes))
        compiler, operation = compile_bulk(query, shop, api.schema)
        compiler.root = api
        writer = RowWriter(group_objects=False, seed=SEED)

        async def chunks() -> AsyncIterator[bytes]:
            for lines in writer.rows(compiler, operation):
                yield b"".join(line + b"\n" for line in lines)

        key = archive_key(run_id)
        info = await store.put_stream(key, chunks(), metadata={RETURNS: "all"})
    finally:
        await api.close()
    return info.size
