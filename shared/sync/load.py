"""Loads an archive in pages of bounded size: each page is a step, and says where the next begins.

Memory does not depend on the archive's size: a page holds one block of lines, one chunk of
records, and the chunk that the database is writing meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from shared import limits
from shared.ports import JsonObject, ObjectStore
from shared.sync.archive import read_blocks

PAGE_BYTES: Final = 8 * limits.OBJECT_RANGE_BYTES
_BREATH: Final = 25
"""After so many records the loop turns to the database's answers; other lines take no time."""

Item = TypeVar("Item")
Chunk = TypeVar("Chunk")


@dataclass(frozen=True, slots=True)
class LoadPage:
    """What one page did. `cursor` is where the next begins, None after the last."""

    cursor: JsonObject | None
    records_read: int = 0
    records_written: int = 0
    bytes_read: int = 0


class Load(Protocol):
    """The loading of one object's archives."""

    def start(self) -> JsonObject:
        """Return the cursor of the first page."""
        ...

    async def page(self, cursor: JsonObject) -> LoadPage:
        """Load one page; loading it again changes nothing."""
        ...


class Parsed(Generic[Item]):
    """The records of a page of lines, in chunks, with count and end."""

    def __init__(
        self,
        objects: ObjectStore,
        key: str,
        offset: int,
        *,
        read: Callable[[bytes], Item | None],
        chunk: int,
        page_bytes: int = PAGE_BYTES,
    ) -> None:
        self._objects, self._key, self._start = objects, key, offset
        self._read, self._chunk, self._page_bytes = read, chunk, page_bytes
        self.records = 0
        self.end: int | None = None
        """Where the next page begins; None if the archive is read to its end."""
        self.size = 0

    async def chunks(self) -> AsyncGenerator[list[Item], None]:
        """Yield the records in chunks, letting other tasks run in between."""
        waiting: list[Item] = []
        async with aclosing(read_blocks(self._objects, self._key, offset=self._start)) as blocks:
            async for block in blocks:
                for line in block.lines:
                    if (item := self._read(line)) is None:
                        continue
                    waiting.append(item)
                    if len(waiting) % _BREATH == 0:
                        await asyncio.sleep(0)
                    if len(waiting) == self._chunk:
                        self.records += self._chunk
                        yield waiting
                        waiting = []
                self.size = block.end - self._start
                if self.size >= self._page_bytes:
                    self.end = block.end
                    break
        self.records += len(waiting)
        if waiting:
            yield waiting

    def page(self, cursor: JsonObject, after: JsonObject, written: int) -> LoadPage:
        """Return the page: the next one reads on, or begins `after` at the archive's end."""
        rest = after if self.end is None else {**cursor, "offset": self.end}
        return LoadPage(rest, self.records, written, self.size)


async def write_overlapped(
    chunks: AsyncIterator[Chunk], write: Callable[[Chunk], Awaitable[int]]
) -> int:
    """Write each chunk while the next one is being made; return the sum of what was written."""
    written = 0
    writing: asyncio.Task[int] | None = None
    try:
        async for chunk in chunks:
            if writing is not None:
                written += await writing
            writing = asyncio.ensure_future(write(chunk))
        if writing is not None:
            written += await writing
    except BaseException:
        if writing is not None and not writing.done():
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        raise
    return written


def in_chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cut a sequence into chunks of at most this many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
