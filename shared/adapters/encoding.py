"""What queues and step journals keep: JSON text within the platform's limits, on both runtimes."""

from __future__ import annotations

import json
from typing import Any

from shared import limits
from shared.errors import InvalidInput, NonRetryable, PayloadTooLarge
from shared.ports import Json, JsonObject


def queue_body(message: JsonObject) -> str:
    """Return the text of a queue message.

    Raises:
        InvalidInput: The message is no JSON.
        PayloadTooLarge: It has more than `limits.QUEUE_MESSAGE_BYTES`.
    """
    try:
        body = json.dumps(message, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"a queue message must be JSON: {error}") from error
    if len(body.encode()) > limits.QUEUE_MESSAGE_BYTES:
        raise PayloadTooLarge(f"a queue message has at most {limits.QUEUE_MESSAGE_BYTES} bytes")
    return body


def step_result(name: str, result: Json) -> str:
    """Return the text of a step's result.

    Raises:
        NonRetryable: The result is no JSON, or has more than `limits.STEP_RESULT_BYTES`.
    """
    if (wrong := _first_non_json(result)) is not None:
        raise NonRetryable(f"step {name!r} returned a {wrong}; results are JSON")
    text = json.dumps(result, ensure_ascii=False)
    if len(text.encode()) > limits.STEP_RESULT_BYTES:
        raise NonRetryable(
            f"step {name!r} returned more than {limits.STEP_RESULT_BYTES} bytes;"
            " put it in the object store and return its key"
        )
    return text


def _first_non_json(value: object) -> str | None:
    if isinstance(value, dict):
        keys = (type(key).__name__ for key in value if not isinstance(key, str))
        return next(keys, None) or _first_of(value.values())
    if isinstance(value, list):
        return _first_of(value)
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return "float that is no number"
    return None if value is None or isinstance(value, int | float | str) else type(value).__name__


def _first_of(values: Any) -> str | None:
    return next((wrong for item in values if (wrong := _first_non_json(item))), None)
