"""Runs both Workflows to their end, in processes that the test kills on the way.

Each line of standard input is a JSON object: state, database, shop, token and the step to be killed
after. Each is run in a process of its own, forked from this one so that the imports are paid for
once, and answered by a line with its exit status (negative: the signal). A run goes on with what
its state has, so starting it again after a kill is what a restart of the platform is.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path

from ingest.bindings import IngestBindings
from ingest.workflows import WORKFLOWS
from local.iceberg_rest import serve_catalog
from local.lander import Lander
from local.state import State
from local.wiring import Wiring, local_settings

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.tables import ensure_tables
from shared.clock import SystemClock
from shared.ports import Json, JsonObject, Step

SYNC, REFRESH = "shopify-bulk-sync", "measurement-refresh"
RUNS: tuple[tuple[str, str, JsonObject], ...] = (
    (SYNC, "run_products", {"run_id": "run_products", "object": "products"}),
    (SYNC, "run_orders", {"run_id": "run_orders", "object": "orders"}),
    (REFRESH, "run_refresh", {"run_id": "run_refresh", "as_of": "2026-11-20T12:00:00Z"}),
)


@asynccontextmanager
async def ingest_of(
    state: State, database: str, shop: str, token: str
) -> AsyncIterator[tuple[JournalWorkflows, Lander]]:
    """Put ingest together on a state directory, with the shop and the database outside."""
    async with AsyncExitStack() as stack:
        lake = stack.enter_context(serve_catalog(state.lake, "catalog"))
        catalog = load_catalog(lake.url, lake.warehouse, lake.token)
        stack.enter_context(closing(catalog))
        ensure_tables(catalog)
        databases = AsyncpgDatabases(database)
        stack.push_async_callback(databases.close)
        journal = stack.enter_context(closing(Journal(state.journal)))
        objects = stack.enter_context(closing(DirectoryObjectStore(state.objects)))
        workflows = JournalWorkflows(journal, clock=SystemClock())
        settings = local_settings(
            SHOP_DOMAIN=shop.removeprefix("http://"),
            SHOPIFY_URL=shop,
            SHOPIFY_ACCESS_TOKEN=token,
            SHOP_TIMEZONE="Europe/Berlin",
        )
        wiring = Wiring(state, journal, databases, workflows, catalog, settings, objects, objects)
        bindings = wiring.ingest()
        for name, workflow in WORKFLOWS.items():
            workflows.register(name, partial(_call, workflow, bindings))
        stack.push_async_callback(workflows.close)
        yield workflows, Lander(journal, catalog)


async def _call(
    workflow: Callable[..., Awaitable[Json]],
    bindings: IngestBindings,
    step: Step,
    payload: JsonObject,
) -> Json:
    return await workflow(step, payload, bindings)


async def run(directory: str, database: str, shop: str, token: str) -> None:
    """Run what is not run yet."""
    state = State(Path(directory))
    state.directory.mkdir(parents=True, exist_ok=True)
    async with ingest_of(state, database, shop, token) as (workflows, lander):
        workflows.resume()
        for name, instance, payload in RUNS:
            await workflows.start(name, instance, payload)
            status = await workflows.finished(name, instance)
            if status.state != "complete":
                raise SystemExit(f"{instance}: {status.error}")
            await lander.flush()


def main() -> None:
    """Fork a process for each line and say how it ended."""
    for line in sys.stdin:
        request = json.loads(line)
        if (child := os.fork()) == 0:
            os.environ["LOCAL_KILL_AFTER_STEP"] = request.pop("kill_after")
            asyncio.run(run(**request))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
