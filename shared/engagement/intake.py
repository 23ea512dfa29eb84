"""Reads a body of events: all at once if it is right, one by one if it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from shared.engagement.schemas import EVENTS_MAX, ITEMS_MAX, EngagementEvent, EventBatch
from shared.errors import BadRequest, FieldProblem, InvalidInput
from shared.ports import JsonObject

_KNOWN = frozenset(EventBatch.model_fields)
_KEY_LENGTH = 200


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
        InvalidInput: It is no batch: no list of 1 to 500 events, or too many items.
    """
    try:
        batch = EventBatch.model_validate_json(body)
    except ValidationError:
        intake = _one_by_one(_document(body))
    else:
        intake = Intake(batch.key, dict(enumerate(batch.events)))
    if len(intake.events) > ITEMS_MAX:
        items = {event.item_id for event in intake.events.values()}
        if len(items) > ITEMS_MAX:
            raise _invalid("/events", f"may name at most {ITEMS_MAX} different items")
    return intake


def _document(body: bytes | str) -> JsonObject:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is no JSON") from error
    if not isinstance(document, dict):
        raise _invalid("", "must be an object")
    if unknown := sorted(document.keys() - _KNOWN):
        raise _invalid(f"/{unknown[0]}", "is not known here")
    return document


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
