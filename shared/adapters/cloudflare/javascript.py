"""Our own JavaScript modules, imported once for each isolate, at the first request."""

from __future__ import annotations

from typing import Any, Final

from pyodide.ffi import JsProxy

from workers import import_from_javascript

CALL: Final = "call.mjs"
"""Calls of bindings that Python cannot make, or makes more slowly."""
_MODULES: Final[dict[str, Any]] = {}


def unwrapped(binding: Any) -> Any:
    """Return a binding as JavaScript has it."""
    return binding if isinstance(binding, JsProxy) else binding._binding  # noqa: SLF001 - the SDK's


def module(name: str) -> Any:
    """Return a module that is staged beside the Worker, such as `call.mjs`."""
    if name not in _MODULES:
        _MODULES[name] = import_from_javascript(name)
    return _MODULES[name]
