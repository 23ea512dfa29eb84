"""Checks events before a stream is given them: Pipelines accepts what does not fit and drops it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pydantic import TypeAdapter, ValidationError

from shared.errors import FieldProblem, InvalidInput
from shared.ports import JsonObject
from shared.telemetry import CommerceEvent, PublicationEvent, Stream, SyncEvent

Event = CommerceEvent | PublicationEvent | SyncEvent
PROBLEMS_NAMED: Final = 20
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))

_ADAPTERS: Final[Mapping[Stream, TypeAdapter[Sequence[Event]]]] = MappingProxyType(
    {
        "commerce": TypeAdapter(Sequence[CommerceEvent]),
        "publication": TypeAdapter(Sequence[PublicationEvent]),
        "sync": TypeAdapter(Sequence[SyncEvent]),
    }
)


def validated_events(stream: Stream, events: Sequence[JsonObject]) -> Sequence[Event]:
    """Return the events as the stream's class has them.

    Raises:
        InvalidInput: Some do not fit; the problems name event and field, e.g. `/3/quantity`.
    """
    try:
        text = _ENCODER.encode(events)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"the events are not JSON: {error}") from error
    try:
        return _ADAPTERS[stream].validate_json(text, strict=True)
    except ValidationError as error:
        raise refusal(stream, error) from error


def refusal(stream: Stream, error: ValidationError) -> InvalidInput:
    """Return what does not fit, by event and field."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    problems = [
        FieldProblem("".join(f"/{part}" for part in item["loc"]), item["msg"])
        for item in found[:PROBLEMS_NAMED]
    ]
    return InvalidInput(f"{len(found)} fields do not fit {stream}.telemetry", problems=problems)
