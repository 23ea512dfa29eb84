"""Serves ASGI applications on the loopback, inside the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from shared.errors import Unavailable

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves signals alone: the platform stops its servers itself, in its own order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing."""
        yield


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on the loopback; port 0 is any free one.

    Raises:
        Unavailable: The port is taken or not allowed.
    """
    # With its protocol named: asyncio switches Nagle's delay (40 ms an answer) off only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise Unavailable(f"port {port} cannot be used: {error}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[str]:
    """Serve the application for the block and give its base URL; open requests may finish."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="auto",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]), name=url_of(listener))
    try:
        while not server.started:
            if task.done():
                raise Unavailable(f"{url_of(listener)} does not start") from task.exception()
            await asyncio.sleep(0.005)
        yield url_of(listener)
    finally:
        server.should_exit = True
        await task
        listener.close()
