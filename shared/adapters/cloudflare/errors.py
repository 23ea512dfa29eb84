"""What bindings raise, as errors of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyodide.ffi import JsException

from shared.errors import Unavailable

_RETRY_AFTER = {"Retry-After": "5"}


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Turn a failed call of a binding into Unavailable."""
    try:
        yield
    except JsException as error:
        raise Unavailable(f"{what}: {message_of(error)}", headers=_RETRY_AFTER) from error


def message_of(error: JsException) -> str:
    """Return the first line of what JavaScript said."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
