"""`make edge`: Wrangler with the three configurations, and all that the Workers reach on HTTP.

PostgreSQL, the Iceberg catalog, the emulated shop, Access and a stand-in for Pipelines run in this
process; measurement and Wrangler are processes of their own, stopped with it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.access_emulator import AUDIENCE, AccessEmulator
from local.edge.bundle import ensure_bundle, extra_flags, wrapper
from local.edge.wrangler import ROOT, executable, show
from local.emulated_shop import serving_shop
from local.iceberg_rest import serve_catalog
from local.lander import Lander
from local.options import Options
from local.postgres import migrate, start_postgres
from local.serving import listen, serving, url_of
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.lake.catalog import load_catalog
from shared.adapters.lake.tables import ensure_tables
from shared.errors import InvalidInput, Unavailable
from shared.telemetry import EVENTS, Stream

CONFIGURATIONS: Final = (
    "wrangler.dashboard.toml",  # the first is the one that listens
    "wrangler.ingest.toml",
    "wrangler.platform.toml",
)
PORT: Final = 8787
_START: Final = 120
_GRACE: Final = 10


async def run_edge(options: Options) -> int:
    """Run everything until told to stop, or until Wrangler ends."""
    folder = await asyncio.to_thread(ensure_bundle)
    workerd = await asyncio.to_thread(wrapper, folder)
    await asyncio.to_thread(_vendor)
    async with AsyncExitStack() as stack:
        variables = await stack.enter_async_context(surroundings(options))
        port = str(options.port or PORT)
        environment = {**os.environ, **variables, "MINIFLARE_WORKERD_PATH": str(workerd)}
        process = await _start(stack, _dev_command(options, port), environment)
        await _listening(f"http://127.0.0.1:{port}/openapi.json", process)
        access = AccessEmulator.of_state(options.state.access)
        show(f"dashboard-api  http://127.0.0.1:{port}")
        show(f"token          {access.user_token()}")
        return await process.wait()


@asynccontextmanager
async def surroundings(options: Options) -> AsyncIterator[dict[str, str]]:
    """Run what the Workers reach for the block; give their variables and secrets."""
    state = options.state
    async with AsyncExitStack() as stack:
        stack.enter_context(state.locked())
        server = await asyncio.to_thread(start_postgres, state.postgres, url=options.database_url)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        await asyncio.to_thread(migrate, server.url)
        lake = stack.enter_context(serve_catalog(state.lake, state.secret("catalog")))
        catalog = stack.enter_context(closing(load_catalog(lake.url, lake.warehouse, lake.token)))
        await asyncio.to_thread(ensure_tables, catalog)
        shop = await stack.enter_async_context(serving_shop(options))
        journal = stack.enter_context(closing(Journal(state.journal)))
        landing = asyncio.create_task(Lander(journal, catalog).run(), name="lander")
        stack.push_async_callback(_stop_task, landing)
        listener = listen()
        access = AccessEmulator(state.access, url_of(listener))
        app = access.app()
        app.router.routes.append(_stand_in(journal))
        await stack.enter_async_context(serving(app, listener))
        variables = {
            **shop.settings,
            "CF_ACCESS_TEAM_DOMAIN": access.issuer,
            "CF_ACCESS_AUD": AUDIENCE,
            "STREAMS_URL": f"{access.issuer}/streams",
            "MEASUREMENT_TOKEN": state.secret("measurement"),
            "ANALYTICS_TOKEN": "none",
            "CATALOG_URI": lake.url,
            "CATALOG_WAREHOUSE": lake.warehouse,
            "CATALOG_TOKEN": lake.token,
            "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE": _plain(server.url),
            "WRANGLER_SEND_METRICS": "false",
        }
        variables["MEASUREMENT_URL"] = await _measurement(stack, options, variables)
        yield variables


def _stand_in(journal: Journal) -> Route:
    """Return what takes events in place of Pipelines and lands them in the local lake."""
    streams: dict[str, SpooledStream] = {name: SpooledStream(journal, name) for name in EVENTS}

    async def accept(request: Request) -> Response:
        name: Stream | str = request.path_params["stream"]
        if name not in streams:
            return JSONResponse({"error": "no such stream"}, 404)
        try:
            await streams[name].send(await request.json())
        except InvalidInput as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=204)

    return Route("/streams/{stream}", accept, methods=["POST"])


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
    process = await _start(stack, [sys.executable, "-m", "measurement"], environment)
    await _listening(f"{url}/health", process)
    return url


def _dev_command(options: Options, port: str) -> list[str]:
    configurations = [part for name in CONFIGURATIONS for part in ("-c", name)]
    flags = extra_flags()
    added = [f for flag in ["python_workers", *flags] for f in ("--compatibility-flags", flag)]
    return [
        *executable(), "dev", *configurations, "--ip", "127.0.0.1", "--port", port,
        "--persist-to", str(options.state.directory / "wrangler"),
        "--show-interactive-dev-session=false", *(added if flags else []),
    ]  # fmt: skip


async def _start(
    stack: AsyncExitStack, command: Sequence[str], environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL
    )
    stack.push_async_callback(_stop_process, process)
    return process


async def _stop_process(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _stop_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _listening(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(_START * 4):
            if process.returncode is not None:
                raise Unavailable(f"{url} ended with {process.returncode} before it listened")
            try:
                await client.get(url)
            except httpx.HTTPError:
                await asyncio.sleep(0.25)
            else:
                return
    raise Unavailable(f"{url} does not listen after {_START} s")


def _vendor() -> None:
    """Fill `python_modules/`, the database driver included."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "workers" / "vendor.py"), "--driver"], check=False
    )
    if done.returncode != 0:
        raise Unavailable("the dependencies of the Workers are not complete; see the line above")


def _plain(url: str) -> str:
    """Return the URL for Hyperdrive's local connection, which speaks no TLS here."""
    return url if "sslmode=" in url else f"{url}{'&' if '?' in url else '?'}sslmode=disable"
