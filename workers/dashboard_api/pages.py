"""Pages of a list that was read with one item more than a page has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from shared.http.pagination import Page, bad_cursor, decode_cursor, encode_cursor
from shared.ports import JsonObject

Item = TypeVar("Item", bound=BaseModel)


def page_of(
    found: Sequence[Item], limit: int, position: Callable[[Item], JsonObject]
) -> Page[Item]:
    """Return the page, and with it the cursor of the next one if an item was left over.

    Args:
        found: At most `limit` + 1 items.
        limit: How many a page has.
        position: What the next page is read from, given the last item of this one.
    """
    items = list(found[:limit])
    cursor = encode_cursor(position(items[-1])) if len(found) > limit else None
    return Page(items=items, next_cursor=cursor)


def position_of(cursor: str | None, *names: str) -> tuple[str, ...] | None:
    """Return these texts of a cursor, or None on the first page.

    Raises:
        BadRequest: The cursor is not one of this list.
    """
    if cursor is None:
        return None
    position = decode_cursor(cursor)
    texts = tuple(position.get(name) for name in names)
    if position.keys() != set(names) or not all(
        isinstance(t, str) and "\0" not in t for t in texts
    ):
        raise bad_cursor()
    return tuple(map(str, texts))
