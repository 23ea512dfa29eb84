"""Plain requests and answers on Cloudflare: one crossing each way, no bridge between."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from pydantic_core import from_json, to_json
from pyodide.ffi import to_js

from shared import limits
from shared.adapters.cloudflare.javascript import function
from shared.http.plain import Answered, Asked

_PLAIN: Final = "plain.mjs"
_HOST: Final = "://"


async def asked(request: Any, is_wanted: Callable[[str], bool]) -> Asked | None:
    """Return a request whose path is wanted, or None: it goes the ordinary way, body unread."""
    script = request.js_object
    if not is_wanted(path_of(script.url)):
        return None
    found = await function("asked", _PLAIN)(script, limits.REQUEST_BODY_BYTES)
    if found is None:
        return None
    head, _, body = found.partition("\n")
    method, path, query, headers, country = from_json(head)
    return Asked(method, path, query, headers, body, None, country)


def answered(found: Answered) -> Any:
    """Return the answer as the runtime wants it."""
    body = to_js(found.body) if isinstance(found.body, bytes) else found.body
    made = function("answered", _PLAIN)(found.status, to_json(found.headers).decode(), body)
    return SimpleNamespace(js_object=made)  # what the SDK hands on without looking into it


def path_of(url: str) -> str:
    """Return the path of an address, as it stands there."""
    _, _, rest = url.partition(_HOST)
    return "/" + rest.partition("?")[0].partition("/")[2]
