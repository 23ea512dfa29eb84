"""One bulk sync of orders in a process that holds nothing else, and what memory it took.

`python -m bench.memory_sync DATABASE_URL SHOP_URL DIRECTORY` prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from ingest.bindings import IngestBindings
from ingest.workflows.shopify_bulk_sync import WORKFLOW, shopify_bulk_sync
from local.shopify.options import EmulatorOptions
from pydantic import SecretStr

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.embedded.queue import JournalQueue
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.embedded.watermarks import JournalWatermarks
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.clock import SystemClock
from shared.config import Settings
from shared.ports import Json, JsonObject, Step
from shared.sync.archive import archive_key

RUN: Final = "bench"
_STATUS: Final = Path("/proc/self/status")


def mebibytes(field: str) -> float:
    """Return a size that the kernel keeps of this process, such as VmRSS."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


async def sync(database_url: str, shop_url: str, directory: Path) -> dict[str, Any]:
    """Sync every order of the shop; return idle and peak memory, and what was done."""
    journal, clock = Journal(directory / "journal.sqlite"), SystemClock()
    databases = AsyncpgDatabases(database_url)
    bindings = _bindings(journal, databases, shop_url, directory)
    workflows = JournalWorkflows(journal, clock=clock)

    async def definition(step: Step, payload: JsonObject) -> Json:
        return await shopify_bulk_sync(step, payload, bindings)

    workflows.register(WORKFLOW, definition)
    async with databases.open():
        _forget_peak()
        idle, begun = mebibytes("VmRSS"), time.perf_counter()
    await workflows.start(WORKFLOW, RUN, {"run_id": RUN, "object": "orders"})
    status = await workflows.finished(WORKFLOW, RUN)
    seconds, peak = time.perf_counter() - begun, mebibytes("VmHWM")
    archive = await bindings.objects.head(archive_key(RUN))
    found = {"state": status.state, "idle": idle, "peak": peak, "seconds": seconds}
    found |= await _counts(databases, archive.size if archive else 0)
    await workflows.close()
    await databases.close()
    journal.close()
    return found


async def _counts(databases: AsyncpgDatabases, size: int) -> dict[str, int]:
    async with databases.open() as db:
        orders = await db.fetch_value("SELECT count(*) FROM order_header")
        pending = await db.fetch_value(
            "SELECT count(*) FROM order_header WHERE stream_pending_version IS NOT NULL"
        )
    return {"archive": size, "orders": orders, "pending": pending}


def _bindings(
    journal: Journal, databases: AsyncpgDatabases, shop_url: str, directory: Path
) -> IngestBindings:
    clock = SystemClock()
    absent: Any = None
    queue = JournalQueue(journal, "jobs", clock=clock)
    return IngestBindings(
        databases=databases,
        objects=DirectoryObjectStore(directory / "objects"),
        assets=absent,
        queue=queue,
        dead_letters=queue,
        commerce=SpooledStream(journal, "commerce"),
        publication=SpooledStream(journal, "publication"),
        sync=SpooledStream(journal, "sync"),
        watermarks=JournalWatermarks(journal, clock=clock),
        workflows=absent,
        measurement=absent,
        http=lambda: httpx.AsyncClient(timeout=60, trust_env=False),
        settings=Settings(
            SHOP_DOMAIN=shop_url.removeprefix("http://"),
            SHOPIFY_URL=shop_url,
            SHOPIFY_ACCESS_TOKEN=SecretStr(EmulatorOptions().access_token),
        ),
        clock=clock,
        loads=orjson.loads,
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(sync(sys.argv[1], sys.argv[2], Path(sys.argv[3])))))
