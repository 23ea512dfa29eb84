"""The same sync on the embedded adapters, to compare with what the edge made of the shop."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.config import Settings
from shared.ports import JsonObject, Row
from tests.fixtures.bulk_sync import NO_AUTHORITIES, BulkSync
from tests.fixtures.edge import Surroundings
from tests.fixtures.ingest import CollectedStream, IngestPorts

Rows = dict[str, list[Row]]


async def rows_of(database_url: str, surroundings: Surroundings, folder: Path) -> Rows:
    """Return every row of a database that was synced before."""
    sync = _twin(database_url, surroundings, folder)
    try:
        return await sync.rows()
    finally:
        await _close(sync)


async def synced(
    database_url: str, surroundings: Surroundings, folder: Path
) -> tuple[Rows, dict[str, JsonObject]]:
    """Sync products and orders; return the rows and the newest copy of each event."""
    sync = _twin(database_url, surroundings, folder)
    try:
        for name in ("products", "orders"):
            status = await sync.run(name, f"twin-{name}")
            assert status.state == "complete", status
        return await sync.rows(), sync.ports.commerce.newest()
    finally:
        await _close(sync)


def newest(events: list[JsonObject]) -> dict[str, JsonObject]:
    """Return the copy of each event that readers count."""
    collected = CollectedStream()
    collected.events = events
    return collected.newest()


def _twin(database_url: str, surroundings: Surroundings, folder: Path) -> BulkSync:
    clock = FixedClock(datetime.now(UTC))
    settings = Settings.model_validate(surroundings.variables)
    ports = IngestPorts(
        folder,
        clock=clock,
        http=lambda: httpx.AsyncClient(timeout=20, verify=NO_AUTHORITIES),
        settings=settings,
    )
    return BulkSync(ports, AsyncpgDatabases(database_url), surroundings.shopify, clock)


async def _close(sync: BulkSync) -> None:
    await sync.databases.close()
    sync.ports.close()
