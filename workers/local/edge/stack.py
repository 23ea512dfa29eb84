"""`make edge`: the three Workers in workerd, and all that they reach, on this machine.

PostgreSQL, the Iceberg catalog, the emulated shop, Access, Dropbox and a stand-in for Pipelines run
in this process; measurement and Wrangler are processes of their own, stopped with it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from local.access_emulator import AccessEmulator, AccessGate
from local.addresses import Addresses, announced
from local.controls import HEADER as CONTROL
from local.edge.bundle import DriverUnavailable, ensure_bundle, wrapper
from local.edge.dev import (
    configurations,
    dev_command,
    dev_environment,
    router_configuration,
    script_names,
)
from local.edge.doors import BucketDoor, Door, IngestDoor
from local.edge.processes import answering, start_process
from local.edge.surroundings import Surroundings, surroundings
from local.edge.wake import wake_interrupted
from local.edge.wrangler import ROOT, executable, show
from local.options import ASSETS_PORT, PORT, Options
from local.serving import listen, serving, url_of
from local.state import State
from shared.clock import SystemClock
from shared.config import load_settings
from shared.errors import Unavailable
from shared.integrations.shopify.client import ShopifyClient
from shared.webhooks.subscriptions import audit_subscriptions, webhook_address

PUBLIC_PORT: Final = 8788
INGEST_PORT: Final = 8790
ASSETS: Final = "commerce-assets-dev"
_CLIENT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class RunningWorkers:
    """`wrangler dev`, and a client that reaches it."""

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient


@dataclass(frozen=True, slots=True)
class Listeners:
    """The doors' sockets, open before the Workers are told of them."""

    dashboard: socket.socket
    platform: socket.socket
    ingest: socket.socket
    internal: socket.socket
    assets: socket.socket

    @classmethod
    def of(cls, options: Options, stack: AsyncExitStack) -> Listeners:
        """Open them: at the usual ports, at those that were asked for, at any for `assets`."""
        opened = [
            stack.enter_context(closing(listen(port)))
            for port in (
                options.port or PORT,
                options.public_port or PUBLIC_PORT,
                options.ingest_port or INGEST_PORT,
            )
        ]
        internal = stack.enter_context(closing(listen()))
        assets = stack.enter_context(closing(_usual_or_free(ASSETS_PORT)))
        return cls(opened[0], opened[1], opened[2], internal, assets)


def prepare() -> dict[str, str]:
    """Fetch what the Workers need to start; return how Miniflare finds workerd.

    Raises:
        BundleUnavailable: workerd's Python bundle cannot be had.
        DriverUnavailable: asyncpg for WebAssembly cannot be had.
        SettingsInvalid: Wrangler or workerd is not installed.
    """
    executable()
    workerd = wrapper(ensure_bundle())
    _vendor()
    return {"MINIFLARE_WORKERD_PATH": str(workerd)}


async def run_edge(options: Options) -> int:
    """Run everything until told to stop, or until Wrangler ends."""
    workerd = await asyncio.to_thread(prepare)
    async with AsyncExitStack() as stack:
        listeners = Listeners.of(options, stack)
        around = await stack.enter_async_context(surroundings(options))
        workers = await stack.enter_async_context(
            workers_behind_doors(
                options.state, listeners, around.access, {**around.variables, **workerd}
            )
        )
        await _ready(listeners, workers.process, options.state.secret("control"))
        await wake_interrupted(workers.http)
        await _subscribe(around, url_of(listeners.ingest))
        addresses = _addresses(options, listeners, around)
        stack.enter_context(announced(options.state, addresses))
        _show(addresses, around)
        return await workers.process.wait()


@asynccontextmanager
async def workers_behind_doors(
    state: State,
    listeners: Listeners,
    access: AccessEmulator,
    variables: Mapping[str, str],
    *,
    root: Path = ROOT,
) -> AsyncIterator[RunningWorkers]:
    """Run `wrangler dev` on the configurations of `root`, with a door to each Worker."""
    names = script_names(root)
    directory = state.directory / "wrangler"
    async with AsyncExitStack() as stack:
        with closing(listen()) as free:
            upstream = url_of(free)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=upstream, trust_env=False, timeout=_CLIENT_SECONDS)
        )
        for app, listener in (
            (AccessGate(Door(http, "DASHBOARD"), access), listeners.dashboard),
            (Door(http, "PLATFORM"), listeners.platform),
            (IngestDoor(http, "INGEST", script=names["INGEST"]), listeners.ingest),
            (Door(http, "INTERNAL", secret=state.secret("control")), listeners.internal),
            (BucketDoor(http, ASSETS), listeners.assets),
        ):
            await stack.enter_async_context(serving(app, listener))
        router = router_configuration(directory / "router", names)
        workers = stack.enter_context(configurations(root))
        environment = {
            **os.environ,
            **variables,
            **dev_environment(directory),
            "INGEST_URL": url_of(listeners.ingest),
            "ASSET_BASE_URL": url_of(listeners.assets),
        }
        environment.pop("CLOUDFLARE_ENV", None)  # would choose another environment
        command = dev_command(router, workers, port=httpx.URL(upstream).port, state=directory)
        yield RunningWorkers(await start_process(stack, command, environment), http)


async def _ready(listeners: Listeners, process: asyncio.subprocess.Process, control: str) -> None:
    """Wait until each Worker answers: the first request is what loads it."""
    await answering(f"{url_of(listeners.internal)}/health", process, headers={CONTROL: control})
    for listener in (listeners.dashboard, listeners.platform):
        await answering(f"{url_of(listener)}/openapi.json", process)


async def _subscribe(around: Surroundings, ingest: str) -> None:
    """Subscribe to all that the shop tells, as a deployment does."""
    settings = load_settings(around.shop.settings)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        client = ShopifyClient(http, settings=settings, clock=SystemClock())
        await audit_subscriptions(client, webhook_address(ingest), mend=True)


def _addresses(options: Options, listeners: Listeners, around: Surroundings) -> Addresses:
    return Addresses(
        dashboard=url_of(listeners.dashboard),
        platform=url_of(listeners.platform),
        ingest=url_of(listeners.ingest),
        internal=url_of(listeners.internal),
        shop=around.shop.url,
        database=around.database_url,
        catalog=around.catalog.url,
        warehouse=around.catalog.warehouse,
        catalog_token=around.catalog.token,
        control=options.state.secret("control"),
    )


def _show(addresses: Addresses, around: Surroundings) -> None:
    cron = f"{addresses.ingest}/cdn-cgi/handler/scheduled?cron=0+6+*+*+*"
    for line in (
        f"dashboard-api  {addresses.dashboard}/docs   (sign in with the button)",
        f"platform-api   {addresses.platform}/docs",
        f"ingest         {addresses.ingest}/webhooks/shopify   (the shop delivers there)",
        f"internal       {addresses.internal}   (header {CONTROL}: {addresses.control})",
        f"Shopify        {addresses.shop}/admin/api   (emulated)",
        f"Iceberg REST   {addresses.catalog}   (warehouse {addresses.warehouse})",
        f"PostgreSQL     {addresses.database}",
        f"token          {around.access.user_token()}",
        f"fire a cron    curl '{cron}'   (&time=MILLISECONDS for another minute)",
    ):
        show(line)


def _vendor() -> None:
    """Fill `python_modules/`, the database driver included."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "workers" / "vendor.py"), "--driver"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or "workers/vendor.py failed").splitlines()[-1]
        raise DriverUnavailable(said.removeprefix("vendor: "))


def _usual_or_free(port: int) -> socket.socket:
    try:
        return listen(port)
    except Unavailable:
        return listen()
