"""The local platform: every part of the system in one process, started and stopped in order."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from dashboard_api.app import create_app
from ingest.bindings import IngestBindings
from ingest.public_app import public_app
from ingest.scheduled import SCHEDULE, fire
from ingest.workflows import WORKFLOWS
from platform_api.app import create_app as create_public_app

from local.access_emulator import AUDIENCE, AccessEmulator, AccessGate
from local.addresses import Addresses, announced
from local.asset_host import asset_host
from local.consumer import Consumer
from local.controls import INTERNAL, Controls
from local.dropbox_emulator import DropboxEmulator
from local.emulated_shop import EmulatedShop, serving_shop
from local.iceberg_rest import CatalogServer, serve_catalog
from local.lander import Lander
from local.options import ASSETS_PORT, PORT, Options
from local.postgres import PostgresServer, migrate, start_postgres
from local.public_ingest import MEND, audit_webhooks
from local.scheduler import Scheduler
from local.serving import listen, serving, url_of
from local.shopify.catalogue import Shop
from local.state import State
from local.wiring import Wiring, local_settings
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.adapters.lake.catalog import LakeCatalog, load_catalog
from shared.adapters.lake.tables import ensure_tables
from shared.clock import SystemClock
from shared.config import Settings
from shared.errors import Unavailable
from shared.ports import Json, JsonObject, ObjectStore, Step

Report = Callable[[str], None]
Workflow = Callable[[Step, JsonObject, IngestBindings], Awaitable[Json]]
_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform, for the commands that drive it from inside its process."""

    url: str
    public_url: str
    database_url: str
    access: AccessEmulator
    shop: EmulatedShop
    catalog: CatalogServer
    settings: Settings
    ingest: IngestBindings
    workflows: JournalWorkflows
    lander: Lander


@asynccontextmanager
async def running(
    options: Options, report: Report = lambda _: None, *, crons: bool = True
) -> AsyncIterator[Platform]:
    """Run the platform for the block; every process and server of it is stopped at its end.

    Args:
        options: What to run.
        report: Told in a few words what is being started.
        crons: Whether the schedule is kept; a command that ends by itself leaves it alone.

    Raises:
        SettingsInvalid: Another process uses the state, or it has another store.
        Unavailable: A part does not start.
    """
    async with AsyncExitStack() as stack:
        local_settings(SHOP_DOMAIN=Shop().domain)
        stack.enter_context(options.state.locked())
        options.store(SystemClock().now())
        listener = stack.enter_context(closing(_dashboard_socket(options.port)))
        report("PostgreSQL")
        database_url = await _postgres(stack, options)
        report("Iceberg catalog")
        lake, catalog = await _lake(stack, options.state)
        report("Shopify emulator")
        shop = await stack.enter_async_context(serving_shop(options))
        report("Workers")
        access = AccessEmulator(options.state.access, url_of(listener))
        databases = AsyncpgDatabases(database_url)
        stack.push_async_callback(databases.close)
        journal = stack.enter_context(closing(Journal(options.state.journal)))
        workflows = JournalWorkflows(journal, clock=SystemClock())
        objects, assets = (
            stack.enter_context(closing(DirectoryObjectStore(directory)))
            for directory in (options.state.objects, options.state.assets)
        )
        served = await _served_assets(stack, options.state, assets)
        public = stack.enter_context(closing(listen(options.ingest_port or 0)))
        settings = _settings(options.state, access, shop, lake, INGEST_URL=url_of(public), **served)
        wiring = Wiring(
            options.state, journal, databases, workflows, catalog, settings, objects, assets
        )
        ingest = wiring.ingest()
        lander = _start_ingest(stack, wiring, ingest, crons=crons)
        await _serve_shopify(stack, ingest, public)
        url = await _serve_staff(stack, wiring, ingest, access, listener)
        platform = Platform(
            url,
            await _serve_public(stack, wiring, ingest, options.public_port),
            database_url,
            access,
            shop,
            lake,
            settings,
            ingest,
            workflows,
            lander,
        )
        stack.enter_context(announced(options.state, _addresses(platform, options.state)))
        yield platform


def _addresses(platform: Platform, state: State) -> Addresses:
    return Addresses(
        dashboard=platform.url,
        platform=platform.public_url,
        ingest=platform.settings.INGEST_URL or "",
        internal=f"{platform.url}{INTERNAL}",
        shop=platform.shop.url,
        database=platform.database_url,
        catalog=platform.catalog.url,
        warehouse=platform.catalog.warehouse,
        catalog_token=platform.catalog.token,
        control=state.secret("control"),
    )


def _dashboard_socket(port: int | None) -> socket.socket:
    """Listen on the port that was asked for, or else on the usual one or any free one."""
    return _usual_or_free(PORT) if port is None else listen(port)


def _usual_or_free(port: int) -> socket.socket:
    try:
        return listen(port)
    except Unavailable:
        return listen()


async def _postgres(stack: AsyncExitStack, options: Options) -> str:
    """Start and migrate it; an interrupted start is waited for, so that it can be stopped."""
    start = partial(start_postgres, options.state.postgres, url=options.database_url)
    starting: asyncio.Task[PostgresServer] = asyncio.create_task(asyncio.to_thread(start))

    async def stop() -> None:
        with suppress(Unavailable):
            server = await starting
            await asyncio.to_thread(server.stop)

    stack.push_async_callback(stop)
    server = await asyncio.shield(starting)
    await asyncio.to_thread(migrate, server.url)
    return server.url


async def _lake(stack: AsyncExitStack, state: State) -> tuple[CatalogServer, LakeCatalog]:
    server = stack.enter_context(serve_catalog(state.lake, state.secret("catalog")))
    catalog = load_catalog(server.url, server.warehouse, server.token)
    stack.enter_context(closing(catalog))
    await asyncio.to_thread(ensure_tables, catalog)
    return server, catalog


async def _served_assets(
    stack: AsyncExitStack, state: State, assets: ObjectStore
) -> dict[str, str]:
    """Serve the public bucket, and a Dropbox that shares the state's own directory."""
    state.dropbox.mkdir(parents=True, exist_ok=True)
    dropbox = DropboxEmulator(state.dropbox).app()
    bucket = _usual_or_free(ASSETS_PORT)  # metafields keep the address
    return {
        "ASSET_BASE_URL": await stack.enter_async_context(serving(asset_host(assets), bucket)),
        "DROPBOX_URL": await stack.enter_async_context(serving(dropbox, listen())),
    }


async def _serve_shopify(
    stack: AsyncExitStack, ingest: IngestBindings, listener: socket.socket
) -> None:
    """Take what the shop sends, and subscribe to all of it."""
    await stack.enter_async_context(serving(public_app(lambda _: ingest), listener))
    await audit_webhooks(ingest, MEND)


async def _serve_staff(
    stack: AsyncExitStack,
    wiring: Wiring,
    ingest: IngestBindings,
    access: AccessEmulator,
    listener: socket.socket,
) -> str:
    """Serve dashboard-api behind the login, with the developer's controls, and return its URL."""
    dashboard = wiring.dashboard(ingest)
    gate = AccessGate(create_app(lambda _: dashboard), access)
    app = Controls(gate, ingest, wiring.state.secret("control"))
    return await stack.enter_async_context(serving(app, listener))


async def _serve_public(
    stack: AsyncExitStack, wiring: Wiring, ingest: IngestBindings, port: int | None
) -> str:
    """Serve platform-api on a port of its own and return its address."""
    bound = wiring.publishers(ingest)
    return await stack.enter_async_context(
        serving(create_public_app(lambda _: bound), listen(port or 0))
    )


def _settings(
    state: State, access: AccessEmulator, shop: EmulatedShop, lake: CatalogServer, **served: str
) -> Settings:
    return local_settings(
        **shop.settings,
        **served,
        CLICK_SIGNING_KEY=state.secret("clicks"),
        CF_ACCESS_TEAM_DOMAIN=access.issuer,
        CF_ACCESS_AUD=AUDIENCE,
        CATALOG_URI=lake.url,
        CATALOG_WAREHOUSE=lake.warehouse,
        CATALOG_TOKEN=lake.token,
    )


def _start_ingest(
    stack: AsyncExitStack, wiring: Wiring, ingest: IngestBindings, *, crons: bool
) -> Lander:
    """Resume what a crash left unfinished, then take jobs, land events and keep the schedule."""
    for name, workflow in WORKFLOWS.items():
        wiring.workflows.register(name, partial(_run_workflow, workflow, ingest))
    stack.push_async_callback(wiring.workflows.close)
    wiring.workflows.resume()
    lander = Lander(wiring.journal, wiring.catalog)
    _background(stack, lander.run(), "lander")
    for queue in (wiring.jobs, wiring.dead_letters):
        queue.release()
    _background(stack, Consumer(wiring.jobs, wiring.dead_letters, ingest).run(), "consumer")
    if crons:
        scheduler = Scheduler(wiring.journal, SCHEDULE, partial(_fire, ingest), clock=ingest.clock)
        _background(stack, scheduler.run(), "scheduler")
    return lander


async def _run_workflow(
    workflow: Workflow, bindings: IngestBindings, step: Step, payload: JsonObject
) -> Json:
    return await workflow(step, payload, bindings)


async def _fire(bindings: IngestBindings, cron: str, scheduled_at: datetime) -> None:
    await fire(cron, scheduled_at, bindings)


def _background(stack: AsyncExitStack, work: Coroutine[Any, Any, None], name: str) -> None:
    """Run the work until the platform stops; if it fails before, say so in the log."""
    task = asyncio.create_task(work, name=name)

    def ended(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            _logger.critical("background work ended", exc_info=error, extra={"work": name})

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    task.add_done_callback(ended)
    stack.push_async_callback(stop)
