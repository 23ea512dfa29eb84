"""Lists that begin with what was created last: their positions and pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from shared.clock import format_instant, parse_instant
from shared.http.pagination import Page, bad_cursor, decode_cursor, encode_cursor

Item = TypeVar("Item", bound=BaseModel)


def position_of(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the instant and id of the last item of the page before, or None on the first.

    Raises:
        BadRequest: We did not make this cursor.
    """
    if cursor is None:
        return None
    position = decode_cursor(cursor)
    match position:
        case {"at": str(at), "id": str(last)} if len(position) == 2 and "\0" not in last:
            try:
                return parse_instant(at), last
            except (ValueError, OverflowError) as error:
                raise bad_cursor() from error
        case _:
            raise bad_cursor()


def newest_page(found: Sequence[Item], limit: int, *, by: str = "created_at") -> Page[Item]:
    """Return a page of what was read with one item more than `limit`.

    Args:
        found: Items that have `id` and an instant, the latest first.
        limit: How many the page has at most.
        by: The instant's name.
    """
    items = list(found[:limit])
    if len(found) <= limit:
        return Page(items=items, next_cursor=None)
    last = items[-1].model_dump(include={"id", by})
    cursor = encode_cursor({"at": format_instant(last[by]), "id": last["id"]})
    return Page(items=items, next_cursor=cursor)
