"""Cursors of a list of measured products: opaque text, bound to one order, filter and snapshot."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import FieldProblem, InvalidInput
from shared.performance.schemas import PerformanceQuery
from shared.performance.sql_queries import key_type

_KEY_TYPES = {"VARCHAR": (str,), "DOUBLE": (int, float), "BIGINT": (int,), "DATE": (str,)}
_NOT_IDENTITY = {"cursor", "limit"}


class Position(BaseModel):
    """The last row of a page, in the snapshot that the page was read from."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    query: str
    """Digest of everything that was asked but the page itself."""
    snapshot_id: str
    as_of: str
    key: str | int | float | None
    product_id: str


def digest(query: PerformanceQuery) -> str:
    """Return what tells this query's order and filters from another's."""
    asked = query.model_dump(mode="json", exclude=_NOT_IDENTITY)
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]


def write_cursor(position: Position) -> str:
    """Return the cursor of a position."""
    return base64.urlsafe_b64encode(position.model_dump_json().encode()).decode().rstrip("=")


def read_cursor(text: str, query: PerformanceQuery) -> Position:
    """Return the position of a cursor.

    Raises:
        InvalidInput: The text is no cursor, or one of a list with another order or filter.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        position = Position.model_validate_json(raw)
        date.fromisoformat(position.as_of)
        int(position.snapshot_id)
    except (ValueError, binascii.Error, ValidationError):
        raise bad_cursor("is not a cursor") from None
    if position.query != digest(query):
        raise bad_cursor("belongs to a list with another order or filter")
    if not _fits(position.key, query):
        raise bad_cursor("is not a cursor")
    return position


def bad_cursor(detail: str) -> InvalidInput:
    """Return the error that names the cursor and what is wrong with it."""
    return InvalidInput(f"the cursor {detail}", problems=[FieldProblem("/cursor", detail)])


def _fits(key: object, query: PerformanceQuery) -> bool:
    kind = key_type(query.sort)
    if key is None:
        return True
    if isinstance(key, bool) or not isinstance(key, _KEY_TYPES[kind]):
        return False
    if kind == "DATE":
        try:
            date.fromisoformat(str(key))
        except ValueError:
            return False
    return kind != "BIGINT" or -(2**63) <= int(key) < 2**63
