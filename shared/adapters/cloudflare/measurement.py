"""Measurement where it runs: a container behind a Durable Object, a URL, or the ingest Worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
from js import Object
from pyodide.ffi import JsException, to_js

from shared.adapters.cloudflare.http import client_of, outside
from shared.adapters.measurement import HttpMeasurement
from shared.config import Settings
from shared.errors import SettingsInvalid
from shared.ports import ObjectStore
from workers import DurableObject, Response, fetch

PORT: Final = 8080
SINGLETON: Final = "measurement"
IDLE: Final = timedelta(minutes=15)
"""How long the container stays when it is no longer asked."""
TIMEOUT: Final = timedelta(seconds=60)
"""Longer than a cold start and then the 20 s that the process waits before it says "running"."""
COLD_START: Final = timedelta(seconds=20)
_PAUSE: Final = timedelta(milliseconds=500)
_HEADERS: Final = ("authorization", "content-type")
_PASSED_ON: Final = ("CATALOG_URI", "CATALOG_WAREHOUSE", "CATALOG_TOKEN", "MEASUREMENT_TOKEN")
_LOG: Final = logging.getLogger(__name__)


class MeasurementContainer(DurableObject):  # type: ignore[misc]
    """Owns the one container: starts it when asked and passes requests on to its port."""

    _stops_when_idle = False
    """Whether the container that runs was told so."""

    async def fetch(self, request: Any) -> Any:
        """Answer from the container; 503 while it does not listen."""
        container = self.ctx.container
        self._start(container)
        await self._stop_when_idle(container)
        port = container.getTcpPort(PORT)
        body = await request.bytes()  # read once, for it may have to be sent again
        headers = {name: request.headers[name] for name in _HEADERS if request.headers[name]}
        for _ in range(COLD_START // _PAUSE):
            try:
                return await fetch(
                    request.url,
                    method=request.method,
                    headers=headers,
                    fetcher=port.fetch,
                    **({"body": body} if body else {}),
                )
            except (JsException, OSError):
                await asyncio.sleep(_PAUSE.total_seconds())
        return Response("the container does not listen", status=503)

    def _start(self, container: Any) -> None:
        if container.running:
            return
        settings = {name: str(getattr(self.env, name, "")) for name in _PASSED_ON}
        container.start(
            to_js(
                {"enableInternet": True, "env": {**settings, "PORT": str(PORT)}},
                dict_converter=Object.fromEntries,
            )
        )
        self._stops_when_idle = False

    async def _stop_when_idle(self, container: Any) -> None:
        """Have the container stopped once it is idle: without a word it goes with this object."""
        if self._stops_when_idle:
            return
        try:
            await container.setInactivityTimeout(IDLE // timedelta(milliseconds=1))
        except JsException as error:
            _LOG.warning("the container took no idle time", extra={"error": str(error)})
        else:
            self._stops_when_idle = True


def measurement(settings: Settings, namespace: Any, objects: ObjectStore) -> HttpMeasurement:
    """Return the engine that the settings name: `MEASUREMENT_URL`, or else the container."""
    token = settings.MEASUREMENT_TOKEN
    return HttpMeasurement(
        _client(settings, namespace),
        token=token.get_secret_value() if token else None,
        objects=objects,
    )


def _client(settings: Settings, namespace: Any) -> Callable[[], httpx.AsyncClient]:
    if settings.MEASUREMENT_URL is None:
        if namespace is None:
            raise SettingsInvalid("MEASUREMENT_URL is required where no container is bound")
        container = namespace.getByName(SINGLETON)
        return client_of(container, "http://measurement", timeout=TIMEOUT)

    def open_client() -> httpx.AsyncClient:
        client = outside()
        client.base_url = httpx.URL(settings.MEASUREMENT_URL or "")
        return client

    return open_client
