"""What the Workers reach under `make edge`: each speaks the protocol of the real one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from local.access_emulator import AUDIENCE, AccessEmulator
from local.dropbox_emulator import DropboxEmulator
from local.edge.processes import answering, start_process, stop_task
from local.edge.streams import PATH, stand_in
from local.edge.wrangler import ROOT
from local.emulated_shop import EmulatedShop, serving_shop
from local.iceberg_rest import CatalogServer, serve_catalog
from local.lander import Lander
from local.options import Options
from local.postgres import migrate, start_postgres
from local.serving import listen, serving, url_of
from shared.adapters.embedded.journal import Journal
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.tables import ensure_tables
from shared.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything but the Workers, running."""

    access: AccessEmulator
    shop: EmulatedShop
    catalog: CatalogServer
    database_url: str
    variables: Mapping[str, str]
    """The variables and secrets of all three Workers, and where Hyperdrive leads."""


@asynccontextmanager
async def surroundings(options: Options) -> AsyncIterator[Surroundings]:
    """Run what the Workers reach for the block."""
    state = options.state
    async with AsyncExitStack() as stack:
        stack.enter_context(state.locked())
        options.store(SystemClock().now())
        server = await asyncio.to_thread(start_postgres, state.postgres, url=options.database_url)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        await asyncio.to_thread(migrate, server.url)
        lake = stack.enter_context(serve_catalog(state.lake, state.secret("catalog")))
        catalog = stack.enter_context(closing(load_catalog(lake.url, lake.warehouse, lake.token)))
        await asyncio.to_thread(ensure_tables, catalog)
        shop = await stack.enter_async_context(serving_shop(options))
        journal = stack.enter_context(closing(Journal(state.journal)))
        landing = asyncio.create_task(Lander(journal, catalog).run(), name="lander")
        stack.push_async_callback(stop_task, landing)
        access = await _access(stack, options, journal)
        state.dropbox.mkdir(parents=True, exist_ok=True)
        dropbox = await stack.enter_async_context(
            serving(DropboxEmulator(state.dropbox).app(), listen())
        )
        variables = {
            **shop.settings,
            "CF_ACCESS_TEAM_DOMAIN": access.issuer,
            "CF_ACCESS_AUD": AUDIENCE,
            "STREAMS_URL": f"{access.issuer}{PATH}",
            "MEASUREMENT_TOKEN": state.secret("measurement"),
            "ANALYTICS_TOKEN": "none",
            "CLICK_SIGNING_KEY": state.secret("clicks"),
            "CATALOG_URI": lake.url,
            "CATALOG_WAREHOUSE": lake.warehouse,
            "CATALOG_TOKEN": lake.token,
            "DROPBOX_URL": dropbox,
            "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE": _plain(server.url),
        }
        variables["MEASUREMENT_URL"] = await _measurement(stack, options, variables)
        yield Surroundings(access, shop, lake, server.url, variables)


async def _access(stack: AsyncExitStack, options: Options, journal: Journal) -> AccessEmulator:
    """Serve the keys of Access, and the streams beside them."""
    listener = listen()
    access = AccessEmulator(options.state.access, url_of(listener))
    app = access.app()
    app.router.routes.append(stand_in(journal))
    await stack.enter_async_context(serving(app, listener))
    return access


async def _measurement(
    stack: AsyncExitStack, options: Options, variables: Mapping[str, str]
) -> str:
    with closing(listen()) as free:
        url = url_of(free)
    environment = {
        **os.environ,
        **variables,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "workers")]),
        "PORT": url.rpartition(":")[2],
        "STAGING": str(options.state.directory / "measurement"),
    }
    process = await start_process(stack, [sys.executable, "-m", "measurement"], environment)
    await answering(f"{url}/health", process)
    return url


def _plain(url: str) -> str:
    """Return the URL for Hyperdrive's local connection, which speaks no TLS here."""
    return url if "sslmode=" in url else f"{url}{'&' if '?' in url else '?'}sslmode=disable"
