"""Loads a run's archives again and streams their events again, without asking Shopify."""

from __future__ import annotations

from dataclasses import dataclass

from shared import limits
from shared.errors import NotFound
from shared.integrations.shopify.jsonl import Loads
from shared.jobs import SyncObject
from shared.orders.enrichment import Settle, stream_pending
from shared.ports import Databases, EventStream, ObjectStore
from shared.sync.archive import archive_key
from shared.sync.load import Load
from shared.sync.order_load import OrderLoad
from shared.sync.product_load import ProductLoad


class ArchiveNotFound(NotFound):
    """There is no archive of this run."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did."""

    records_read: int
    records_written: int
    events: int


async def replay_archive(
    databases: Databases,
    objects: ObjectStore,
    stream: EventStream,
    settle: Settle,
    *,
    name: SyncObject,
    archive_run: str,
    replay_id: str,
    timezone: str,
    loads: Loads,
) -> Replayed:
    """Bring the rows to what the archive says, unless they are newer, and stream them again.

    Args:
        databases: Where the rows go.
        objects: Where the archive is.
        stream: Where the events go; they have the ids that they had before.
        settle: Books the commissions of orders, which are booked already.
        name: The object that the run synced.
        archive_run: The run.
        replay_id: Who writes now.
        timezone: The shop's.
        loads: The JSON reader.

    Raises:
        ArchiveNotFound: The archive was never complete, or is past its retention.
    """
    if await objects.head(archive_key(archive_run)) is None:
        raise ArchiveNotFound(archive_run)
    load: Load
    if name == "products":
        load = ProductLoad(
            databases, objects, archive_run=archive_run, written_by=replay_id, loads=loads
        )
    else:
        load = OrderLoad(
            databases,
            objects,
            None,
            archive_run=archive_run,
            written_by=replay_id,
            timezone=timezone,
            loads=loads,
        )
    read, written = await load_all(load)
    events = await _stream_all(databases, stream, settle, replay_id) if name == "orders" else 0
    return Replayed(read, written, events)


async def load_all(load: Load) -> tuple[int, int]:
    """Load every page; return how many records were read and written."""
    cursor = load.start()
    read = written = 0
    while True:
        page = await load.page(cursor)
        read, written = read + page.records_read, written + page.records_written
        if page.cursor is None:
            return read, written
        cursor = page.cursor


async def _stream_all(
    databases: Databases, stream: EventStream, settle: Settle, writer: str
) -> int:
    after: str | None = None
    events = 0
    while True:
        page = await stream_pending(
            databases,
            stream,
            settle=settle,
            written_by=writer,
            after=after,
            limit=limits.ENRICH_CHUNK_ORDERS,
        )
        events += page.events
        if page.cursor is None:
            return events
        after = page.cursor
