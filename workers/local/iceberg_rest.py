"""Serves the local Iceberg catalog from its own thread, so that blocking clients can call it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from local.iceberg_api import CatalogApi
from local.iceberg_faults import Faults, Limits
from local.iceberg_routes import catalog_app
from local.iceberg_store import CatalogStore
from local.serving import listen, url_of
from shared.errors import Unavailable

WAREHOUSE: Final = "local_lake"
_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class CatalogServer:
    """A catalog that is being served: how to reach it, and how to make it fail."""

    url: str
    warehouse: str
    token: str
    faults: Faults
    limits: Limits


@contextmanager
def serve_catalog(
    directory: Path, token: str, port: int = 0, *, limits: Limits | None = None
) -> Iterator[CatalogServer]:
    """Serve the catalog of a directory on the loopback for the block.

    Args:
        directory: Where the catalog and the tables' files are kept.
        token: The bearer token that clients must send.
        port: Port to listen on; 0 takes a free one.
        limits: Writes a minute that are accepted; by default any number.

    Raises:
        Unavailable: The port is taken.
    """
    with closing(CatalogStore(directory)) as store:
        api = CatalogApi(store, WAREHOUSE, token, limits=limits or Limits())
        with (
            closing(listen(port)) as listener,
            _running(api, listener),
        ):
            yield CatalogServer(url_of(listener), WAREHOUSE, token, api.faults, api.limits)


@contextmanager
def _running(api: CatalogApi, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(
            catalog_app(api),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="iceberg-catalog", daemon=True
    )
    thread.start()
    try:
        deadline = time.monotonic() + _PATIENCE
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not server.started:
            raise Unavailable("the catalog did not start")
        yield
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
