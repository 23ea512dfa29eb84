"""A request and an answer without a framework: what the hot routes speak on both runtimes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from shared.errors import DomainError
from shared.http.middleware.security_headers import HEADERS
from shared.http.problems import MEDIA_TYPE, problem_document

JSON: Final = "application/json"


class Asked(NamedTuple):
    """A request.

    Args:
        headers: With names in lower case.
        address: Where it comes from.
        country: What the edge says of that, if it says anything.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | str = b""
    address: str | None = None
    country: str | None = None

    def parameter(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        if name not in self.query:
            return None
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return next((value for key, value in pairs if key == name), None)


class Answered(NamedTuple):
    """An answer, with every header that it has."""

    status: int
    headers: Mapping[str, str]
    body: bytes | str = b""


PUBLIC_HEADERS: Final[Mapping[str, str]] = {
    **HEADERS,
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Pages of other sites may use these answers."""


def problem_answer(error: DomainError, *, path: str, request_id: str) -> Answered:
    """Return an error as the problem that it is everywhere."""
    document = problem_document(error, instance=path, request_id=request_id)
    headers = {"Content-Type": MEDIA_TYPE, **error.headers}
    return Answered(error.status, headers, json.dumps(document))
