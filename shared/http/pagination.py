"""Lists by cursor: an opaque text that says where the next page starts."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared import limits
from shared.errors import BadRequest, FieldProblem
from shared.ports import JsonObject

Item = TypeVar("Item", bound=BaseModel)


class PageParameters(BaseModel):
    """The query parameters of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[
        int, Field(ge=1, le=limits.PAGE_SIZE_MAX, description="How many items a page has at most.")
    ] = limits.PAGE_SIZE_DEFAULT
    cursor: Annotated[
        str | None, Field(max_length=2_000, description="`next_cursor` of the page before.")
    ] = None


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name in OpenAPI: `TagGroupList`."""
        return f"{params[0].__name__}List"


def encode_cursor(position: JsonObject) -> str:
    """Return the text that stands for a position in a list."""
    text = json.dumps(position, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> JsonObject:
    """Return the position that a cursor stands for.

    Raises:
        BadRequest: We did not make this cursor.
    """
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), "-_", True))
    except (binascii.Error, ValueError, RecursionError):
        position = None
    if not isinstance(position, dict):
        raise bad_cursor()
    return position


def bad_cursor() -> BadRequest:
    """Return the error for a cursor that we did not make."""
    detail = "is not a cursor of this list"
    return BadRequest(f"/cursor: {detail}", problems=[FieldProblem("/cursor", detail)])
