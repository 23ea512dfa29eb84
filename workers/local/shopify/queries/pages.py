"""Pages of a connection and the cursors between them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from shared.ports import JsonObject


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection."""

    items: list[object]
    offset: int
    has_next: bool

    def info(self, name: str) -> object:
        """Return a field of PageInfo."""
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.offset > 0,
            "startCursor": cursor(self.offset) if self.items else None,
            "endCursor": cursor(self.offset + len(self.items) - 1) if self.items else None,
            "__typename": "PageInfo",
        }[name]


def take(items: Iterable[object], arguments: JsonObject) -> Page:
    """Return the page that `first`, `after`, `last` and `reverse` ask for."""
    offset = position(arguments["after"]) + 1 if arguments.get("after") else 0
    if arguments.get("reverse") and not isinstance(items, Reversed):
        items = list(items)[::-1]
    if "last" in arguments:
        known = list(items)
        offset = max(len(known) - arguments["last"], 0)
        return Page(known[offset:], offset, has_next=False)
    first = arguments.get("first", 250)
    found = list(islice(items, offset, offset + first + 1))
    return Page(found[:first], offset, has_next=len(found) > first)


class Reversed(list[object]):
    """Items that their resolver has already put in reverse order."""


def cursor(at: int) -> str:
    """Return the cursor of the item at an offset."""
    return base64.b64encode(f"offset:{at}".encode()).decode()


def position(text: str) -> int:
    """Return the offset of a cursor.

    Raises:
        ValueError: The text is no cursor.
    """
    try:
        return int(base64.b64decode(text, validate=True).decode().removeprefix("offset:"))
    except (binascii.Error, ValueError) as error:
        raise ValueError("Invalid cursor for current pagination sort.") from error
