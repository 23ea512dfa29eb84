"""Reads a body of events: all at once if it is right, one by one if it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from shared.engagement.schemas import EVENTS_MAX, EngagementEvent, EventBatch
from shared.errors import BadRequest, FieldProblem, InvalidInput
from shared.ports import JsonObject

_KNOWN = frozenset(EventBatch.model_fields)
_KEY_LENGTH = 200
_DIGITS = 1000
"""Python refuses to read integers that are much longer, and with them all that is around."""


@dataclass(slots=True)
class Intake:
    """The events of a request by their place in it, and what is wrong with the others."""

    key: str | None
    events: dict[int, EngagementEvent]
    invalid: dict[int, str] = field(default_factory=dict)


def read_events(body: bytes | str) -> Intake:
    """Return what a body holds.

    Raises:
        BadRequest: It is no JSON.
        InvalidInput: It is no batch: no list of 1 to 500 events.
    """
    try:
        batch = EventBatch.model_validate_json(body)
    except ValidationError:
        return _one_by_one(_document(body))
    return Intake(batch.key, dict(enumerate(batch.events)))


def _document(body: bytes | str) -> JsonObject:
    try:
        document = json.loads(body, parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is no JSON") from error
    if not isinstance(document, dict):
        raise _invalid("", "must be an object")
    if unknown := sorted(document.keys() - _KNOWN):
        raise _invalid(f"/{unknown[0]}", "is not known here")
    return document


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _one_by_one(document: JsonObject) -> Intake:
    events, key = document.get("events"), document.get("key")
    if key is not None and not (isinstance(key, str) and len(key) <= _KEY_LENGTH):
        raise _invalid("/key", "must be a key")
    if not isinstance(events, list) or not 1 <= len(events) <= EVENTS_MAX:
        raise _invalid("/events", f"must be a list of 1 to {EVENTS_MAX} events")
    intake = Intake(key, {})
    for index, event in enumerate(events):
        try:
            # as JSON, so that each is read exactly as it is within a whole body
            intake.events[index] = EngagementEvent.model_validate_json(json.dumps(event))
        except ValidationError as error:
            intake.invalid[index] = _sentence(error)
    return intake


def _sentence(error: ValidationError) -> str:
    found: list[Any] = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'/' + '/'.join(map(str, item['loc'])) if item['loc'] else 'the event'}: {item['msg']}"
        for item in found[:3]
    )


def _invalid(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(
        f"{pointer or 'the body'}: {detail}", problems=[FieldProblem(pointer, detail)]
    )
