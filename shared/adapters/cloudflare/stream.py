"""Event streams: Pipelines through its binding, or over HTTP where a URL stands in for it.

Pipelines accepts an event that does not fit the stream's schema and drops it later, in silence; so
every event is checked here first, against the class the schema was generated from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import httpx
from js import Object
from pydantic import BaseModel, TypeAdapter, ValidationError
from pyodide.ffi import to_js

from shared import limits
from shared.adapters.cloudflare.errors import unavailable
from shared.errors import FieldProblem, InvalidInput, Unavailable
from shared.ports import JsonObject
from workers import import_from_javascript

_CALL: Final = "call.mjs"
_EXACT: Final = 2**53


class Sink(Protocol):
    """Takes one request's worth of rows."""

    async def __call__(self, rows: Sequence[JsonObject], /) -> None:
        """Accept the rows or raise Unavailable."""
        ...


class CheckedStream:
    """An event stream: checks every event, then hands them on in requests of the right size."""

    def __init__(self, sink: Sink, event: type[BaseModel]) -> None:
        self._sink = sink
        self._events: TypeAdapter[list[BaseModel]] = TypeAdapter(list[event])  # type: ignore[valid-type]

    async def send(self, events: Sequence[JsonObject], /) -> None:
        """Return once every event is accepted; nothing is sent if one does not fit."""
        for rows in list(_requests(self._rows(events))):
            await self._sink(rows)

    def _rows(self, events: Sequence[JsonObject]) -> list[JsonObject]:
        try:
            checked = self._events.validate_python(list(events))
        except ValidationError as error:
            problems = [
                FieldProblem("/" + "/".join(map(str, item["loc"])), item["msg"])
                for item in error.errors(include_input=False, include_url=False)
            ]
            raise InvalidInput("an event does not fit the stream", problems=problems) from error
        return [
            {name: _exact(value) for name, value in event.model_dump(mode="json").items()}
            for event in checked
        ]


def pipeline(binding: Any) -> Sink:
    """Return the sink of a Pipelines binding.

    `binding.send` cannot be called from Python: Pyodide takes the name for its generator protocol.
    """

    async def send(rows: Sequence[JsonObject], /) -> None:
        javascript = import_from_javascript(_CALL)
        # null and absent are one to Pipelines; absent is smaller.
        present = [{k: v for k, v in row.items() if v is not None} for row in rows]
        with unavailable("Pipelines"):
            await javascript.call(
                getattr(binding, "_binding", binding),
                "send",
                to_js(present, dict_converter=Object.fromEntries),
            )

    return send


def http_sink(client: Callable[[], httpx.AsyncClient], url: str) -> Sink:
    """Return the sink of a stream's HTTP endpoint: a JSON array per request."""

    async def send(rows: Sequence[JsonObject], /) -> None:
        try:
            async with client() as http:
                response = await http.post(url, json=list(rows))
        except httpx.HTTPError as error:
            raise Unavailable(f"stream: {error}") from error
        if not response.is_success:
            raise Unavailable(f"stream: HTTP {response.status_code}")

    return send


def _exact(value: Any) -> Any:
    """Write integers that a JavaScript number cannot hold as text, which Pipelines takes."""
    return str(value) if isinstance(value, int) and not -_EXACT < value < _EXACT else value


def _requests(rows: Sequence[JsonObject]) -> Iterator[list[JsonObject]]:
    request: list[JsonObject] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row, ensure_ascii=False).encode()) + 1
        full = len(request) == limits.STREAM_REQUEST_EVENTS
        if request and (full or size + length > limits.STREAM_REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(row)
        size += length
    if request:
        yield request
