"""Copies what PostgreSQL knows of products into one object, for the engine to join with."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from shared.performance.repository import ProductDimension
from shared.ports import Database, ObjectStore

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReplicatedDimension:
    """Where the copy is, what it is (SHA-256 of its bytes) and how many products it has."""

    key: str
    hash: str
    products: int


def dimension_key(run_id: str) -> str:
    """Return the key of the copy that a run makes."""
    return f"measurement/dimension/{run_id}.jsonl"


async def replicate_dimension(
    db: Database, objects: ObjectStore, *, run_id: str, timezone: str
) -> ReplicatedDimension:
    """Write the product dimension as JSON lines of ProductDimensionRow, in the order of ids."""
    digest = hashlib.sha256()
    products = 0

    async def lines() -> AsyncIterator[bytes]:
        nonlocal products
        async for count, chunk in _pages(ProductDimension(db, timezone=timezone)):
            products += count
            digest.update(chunk)
            yield chunk

    key = dimension_key(run_id)
    await objects.put_stream(key, lines(), content_type="application/x-ndjson")
    return ReplicatedDimension(key, digest.hexdigest(), products)


async def _pages(dimension: ProductDimension) -> AsyncIterator[tuple[int, bytes]]:
    after = ""
    while rows := await dimension.page(after=after, limit=_PAGE):
        yield len(rows), "".join(row.model_dump_json() + "\n" for row in rows).encode()
        after = rows[-1].product_id
