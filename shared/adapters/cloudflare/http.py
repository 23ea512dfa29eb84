"""An httpx transport over `fetch`: of the outside, or of a binding that has one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import httpx
from pyodide.ffi import JsException

from shared.adapters.cloudflare.javascript import BODIES, function
from shared.adapters.cloudflare.settings import Bindings
from workers import fetch

TIMEOUT: Final = timedelta(seconds=30)
_OURS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding"})
"""Request headers that the runtime writes itself."""
_DECODED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Response headers that no longer hold once the runtime has decoded the body."""


class FetchTransport(httpx.AsyncBaseTransport):
    """Sends requests with `fetch`; httpx follows redirects, not the runtime."""

    def __init__(self, binding: Any = None) -> None:
        self._fetch = fetch if binding is None else binding.fetch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return the response with its body still to be read."""
        body = await request.aread()
        options: dict[str, Any] = {
            "method": request.method,
            "headers": [(k, v) for k, v in request.headers.multi_items() if k not in _OURS],
            "redirect": "manual",
        }
        if body:
            options["body"] = body
        seconds = request.extensions.get("timeout", {}).get("read")
        answer = await _in_time(partial(self._fetch, str(request.url), **options), seconds)
        script = answer.js_object
        return httpx.Response(
            answer.status,
            headers=[(k, v) for k, v in script.headers if k.lower() not in _DECODED],
            stream=_Body(script.body, seconds),
        )


class _Body(httpx.AsyncByteStream):
    """The pieces of a response, read one at a time."""

    def __init__(self, body: Any, seconds: float | None) -> None:
        self._reader = body.getReader() if body else None
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._reader is not None:
            read = partial(function("nextPiece", BODIES), self._reader)
            if (piece := await _in_time(read, self._seconds)) is None:
                return
            yield piece.to_bytes()

    async def aclose(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            try:
                await reader.cancel()
            except JsException:
                return


def outside() -> httpx.AsyncClient:
    """Open a client of the internet for one request or step."""
    return httpx.AsyncClient(transport=FetchTransport(), timeout=TIMEOUT.total_seconds())


def client_of(
    binding: Any, base_url: str, *, timeout: timedelta = TIMEOUT
) -> Callable[[], httpx.AsyncClient]:
    """Return what opens a client of a binding's `fetch`, such as a service or an object."""

    def open_client() -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=FetchTransport(binding), base_url=base_url, timeout=timeout.total_seconds()
        )

    return open_client


def client_of_bound(env: Any, name: str, base_url: str) -> Callable[[], httpx.AsyncClient]:
    """Return the same of a binding that is looked up when it is needed."""

    def open_client() -> httpx.AsyncClient:
        return client_of(getattr(Bindings(env), name), base_url)()

    return open_client


async def _in_time(start: Callable[[], Any], seconds: float | None) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await start()
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer in time") from error
    except (JsException, OSError) as error:
        raise httpx.ConnectError(str(error)) from error
