"""Writes an export in parts of bounded size, and puts the parts together to one file.

Each part is written whole under a key of its own, so that writing it again changes nothing; the
file appears only when all of it is there. Memory holds one page of rows, whatever the file's size.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from shared.csv_exports.models import export_key, part_key, part_prefix
from shared.csv_exports.sources import Source
from shared.csv_text import CONTENT_TYPE, csv_head, csv_lines
from shared.ports import JsonObject, ObjectStore

PART_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """What a part holds, and where the next begins; None after the last."""

    rows: int
    size: int
    cursor: JsonObject | None


async def write_part(
    objects: ObjectStore,
    source: Source,
    *,
    export_id: str,
    number: int,
    cursor: JsonObject | None,
    most: int = PART_ROWS,
) -> Part:
    """Write the rows from the cursor on; the first part begins with the header.

    Args:
        objects: The private bucket.
        source: The rows.
        export_id: Whose part.
        number: Which part, from 1.
        cursor: Where it begins.
        most: After so many rows the part ends with its page.
    """
    rows, rest = 0, cursor

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal rows, rest
        if number == 1:
            yield csv_head(source.columns).encode()
        while True:
            page = await source.page(rest)
            rows, rest = rows + len(page.rows), page.cursor
            if page.rows:
                yield csv_lines(page.rows).encode()
            if rest is None or rows >= most:
                return

    written = await objects.put_stream(
        part_key(export_id, number), chunks(), content_type=CONTENT_TYPE
    )
    return Part(rows, written.size, rest)


async def assemble(objects: ObjectStore, *, export_id: str, parts: int, filename: str) -> int:
    """Put the parts together to the file, and return its size."""

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(1, parts + 1):
            async for chunk in objects.stream(part_key(export_id, number)):
                yield chunk

    written = await objects.put_stream(
        export_key(export_id), chunks(), content_type=CONTENT_TYPE, metadata={"filename": filename}
    )
    return written.size


async def remove_parts(objects: ObjectStore, export_id: str) -> None:
    """Remove every part of an export."""
    while True:
        page = await objects.list(prefix=part_prefix(export_id))
        for found in page.objects:
            await objects.delete(found.key)
        if page.cursor is None:
            return
