"""Event streams: Pipelines through its binding, or over HTTP where a URL stands in for it.

Pipelines accepts an event that does not fit the stream's schema and drops it later, in silence; so
every event is checked here first, against the class the schema was generated from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import httpx

from shared import limits
from shared.adapters.cloudflare.errors import unavailable
from shared.adapters.cloudflare.http import outside
from shared.adapters.cloudflare.javascript import function, unwrapped
from shared.config import Settings
from shared.errors import Unavailable
from shared.ports import JsonObject
from shared.telemetry import Stream
from shared.telemetry_rows import checked_rows

_EXACT: Final = 2**53 - 1
"""From here on a JavaScript number is not every integer, and Pipelines takes no BigInt."""
_JSON: Final = {"Content-Type": "application/json"}


class Sink(Protocol):
    """Takes one request's worth of rows."""

    async def __call__(self, rows: str, /) -> None:
        """Accept the rows, a JSON array, or raise Unavailable."""
        ...


class CheckedStream:
    """An event stream: checks every event, then hands them on in requests of the right size."""

    def __init__(self, sink: Sink, stream: Stream) -> None:
        self._sink = sink
        self._stream = stream

    async def send(self, events: Sequence[JsonObject], /) -> None:
        """Return once every event is accepted; nothing is sent if one does not fit."""
        rows = checked_rows(self._stream, events)
        texts = [_exact(text) for text in rows.texts] if rows.may_be_large else rows.texts
        for request in _requests(texts):
            await self._sink(request)


def stream_of(binding: Any, stream: Stream, settings: Settings) -> CheckedStream:
    """Return the stream of a Pipelines binding, or of what stands in for it at `STREAMS_URL`."""
    if settings.STREAMS_URL is None:
        return CheckedStream(pipeline(binding), stream)
    return CheckedStream(http_sink(outside, f"{settings.STREAMS_URL}/{stream}"), stream)


def pipeline(binding: Any) -> Sink:
    """Return the sink of a Pipelines binding.

    `binding.send` cannot be called from Python: Pyodide takes the name for its generator protocol.
    """

    async def send(rows: str, /) -> None:
        with unavailable("Pipelines"):
            await function("callWithJson")(unwrapped(binding), "send", rows)

    return send


def http_sink(client: Callable[[], httpx.AsyncClient], url: str) -> Sink:
    """Return the sink of a stream's HTTP endpoint: a JSON array per request."""

    async def send(rows: str, /) -> None:
        try:
            async with client() as http:
                response = await http.post(url, content=rows, headers=_JSON)
        except httpx.HTTPError as error:
            raise Unavailable(f"stream: {error}") from error
        if not response.is_success:
            raise Unavailable(f"stream: HTTP {response.status_code}")

    return send


def _exact(text: str) -> str:
    """Write integers that a JavaScript number cannot hold as text, which Pipelines takes."""
    row = {
        name: str(value) if isinstance(value, int) and not -_EXACT < value < _EXACT else value
        for name, value in json.loads(text).items()
    }
    return json.dumps(row, ensure_ascii=False)


def _requests(rows: Sequence[str]) -> Iterator[str]:
    whole = _array(rows)
    fits = len(whole.encode()) <= limits.STREAM_REQUEST_BYTES
    if rows and fits and len(rows) <= limits.STREAM_REQUEST_EVENTS:
        yield whole
        return
    request: list[str] = []
    size = 0
    for row in rows:
        length = len(row.encode()) + 1
        full = len(request) == limits.STREAM_REQUEST_EVENTS
        if request and (full or size + length > limits.STREAM_REQUEST_BYTES):
            yield _array(request)
            request, size = [], 0
        request.append(row)
        size += length
    if request:
        yield _array(request)


def _array(rows: Sequence[str]) -> str:
    return f"[{','.join(rows)}]"
