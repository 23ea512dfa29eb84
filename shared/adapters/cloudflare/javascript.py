"""Our own JavaScript modules, imported once for each isolate, at the first request."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pyodide.ffi import JsProxy

from workers import import_from_javascript

CALL: Final = "call.mjs"
"""Calls of bindings that Python cannot make, or makes more slowly."""
BODIES: Final = "bodies.mjs"
"""Reads bodies in large pieces, and no further than wanted."""


def unwrapped(binding: Any) -> Any:
    """Return a binding as JavaScript has it."""
    return binding if isinstance(binding, JsProxy) else binding._binding  # noqa: SLF001 - the SDK's


@cache
def function(name: str, module: str = CALL) -> Any:
    """Return a function of a module that is staged beside the Worker.

    It is held: to look it up is a crossing as dear as to call it.
    """
    return getattr(import_from_javascript(module), name)
