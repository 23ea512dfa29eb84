"""A stand-in for Pipelines, which has no emulation: what it accepts lands in the local lake."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import SpooledStream
from shared.errors import InvalidInput
from shared.ports import JsonObject
from shared.telemetry import EVENTS, Stream

PATH: Final = "/streams"
_INTEGER: Final = re.compile(r"-?\d{1,19}", re.ASCII)


def stand_in(journal: Journal) -> Route:
    """Return the route that takes a JSON array of events, as a stream's HTTP endpoint does.

    An array is accepted whole or not at all. A stream of Pipelines would take an event that does
    not fit and drop it later, in silence; here its sender is told.
    """
    streams: dict[str, SpooledStream] = {name: SpooledStream(journal, name) for name in EVENTS}

    async def accept(request: Request) -> Response:
        stream = streams.get(request.path_params["stream"])
        if stream is None:
            return _refused("no such stream", 404)
        try:
            events = json.loads(await request.body())
        except ValueError as error:
            return _refused(f"no JSON: {error}", 400)
        if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
            return _refused("no array of events", 400)
        try:
            await stream.send([_read(event, request.path_params["stream"]) for event in events])
        except InvalidInput as error:
            named = "; ".join(f"{one.pointer} {one.detail}" for one in error.problems)
            return _refused(f"{error}: {named}" if named else str(error), 400)
        return Response(status_code=204)

    return Route(f"{PATH}/{{stream}}", accept, methods=["POST"])


def _read(event: JsonObject, stream: Stream) -> JsonObject:
    """Return an event with the large integers that Pipelines takes as text, and a Worker sends."""
    whole = _integers(stream)
    return {
        name: int(value)
        if name in whole and isinstance(value, str) and _INTEGER.fullmatch(value)
        else value
        for name, value in event.items()
    }


@cache
def _integers(stream: Stream) -> frozenset[str]:
    properties: JsonObject = EVENTS[stream].model_json_schema()["properties"]
    return frozenset(
        name
        for name, schema in properties.items()
        if any(one.get("type") == "integer" for one in [schema, *schema.get("anyOf", [])])
    )


def _refused(reason: str, status: int) -> Response:
    return JSONResponse({"error": reason}, status)
