"""Archives of bulk results: written only if they equal what Shopify counted, read in bounded parts.

The archive is the source of every load, so that a run can be replayed without Shopify.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from shared import limits
from shared.errors import DomainError
from shared.integrations.shopify.jsonl import LINE_BYTES_MAX, LineSplitter, parent_of, parse_line
from shared.integrations.shopify.models import BulkOperation
from shared.ports import ObjectStore

CONTENT_TYPE: Final = "application/jsonl"
_CHILD: Final = b'"__parentId":'
"""Inside a JSON text the quotes of these bytes would be escaped, so they stand for the key."""
_PARENT: Final = b'"__parentId"'
_TAIL: Final = 96
"""Shopify writes the key last; so many bytes hold it and any gid."""


class ArchiveMismatch(DomainError):
    """The result does not hold what Shopify counted."""


@dataclass(frozen=True, slots=True)
class ArchiveCount:
    """Size of a bulk result, as counted or as Shopify announced it."""

    size: int | None
    lines: int
    roots: int

    @classmethod
    def announced(cls, operation: BulkOperation) -> ArchiveCount:
        """Return what Shopify says the result holds."""
        return cls(operation.file_size, operation.object_count, operation.root_object_count)

    def differences(self, announced: ArchiveCount) -> str:
        """Return in words what differs from the announced size, or nothing."""
        pairs = (
            ("bytes", self.size, announced.size),
            ("lines", self.lines, announced.lines),
            ("roots", self.roots, announced.roots),
        )
        return ", ".join(
            f"{got} of {wanted} {name}"
            for name, got, wanted in pairs
            if wanted is not None and got != wanted
        )


class _Counter:
    """Counts a result while it streams by."""

    def __init__(self) -> None:
        self.size = self.lines = self.roots = 0
        self._splitter = LineSplitter()

    def feed(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._count(self._splitter.feed(chunk))

    def finish(self) -> ArchiveCount:
        self._count(self._splitter.flush())
        return ArchiveCount(self.size, self.lines, self.roots)

    def _count(self, lines: list[bytes]) -> None:
        self.lines += len(lines)
        self.roots += sum(is_root(line) for line in lines)


def is_root(line: bytes) -> bool:
    """Return whether a row has no parent; parses it only where the bytes leave a doubt."""
    if line.find(_CHILD, -_TAIL) >= 0:
        return False
    if _PARENT not in line:
        return True
    return _CHILD not in line and parent_of(parse_line(line)) is None


def archive_key(run_id: str, part: str = "") -> str:
    """Return the key of a run's archive, e.g. of its part `agreements`."""
    return f"archives/ingest/{run_id}.{part}.jsonl" if part else f"archives/ingest/{run_id}.jsonl"


async def store_archive(
    objects: ObjectStore,
    key: str,
    chunks: AsyncIterator[bytes],
    announced: ArchiveCount,
    *,
    metadata: Mapping[str, str] | None = None,
) -> ArchiveCount:
    """Write a result to the object store while counting it; a wrong one leaves no archive.

    Args:
        objects: The store.
        key: Where the archive goes.
        chunks: The result as it is downloaded.
        announced: What it must hold.
        metadata: What a later load must know of the result.

    Raises:
        ArchiveMismatch: Bytes, lines or roots differ from what Shopify announced.
    """
    counter = _Counter()

    async def checked() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            counter.feed(chunk)
            yield chunk
        if differences := counter.finish().differences(announced):
            raise ArchiveMismatch(f"the result holds {differences}")

    await objects.put_stream(key, checked(), content_type=CONTENT_TYPE, metadata=metadata)
    return ArchiveCount(counter.size, counter.lines, counter.roots)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive whole lines of an archive, and the offset at which the next block begins."""

    lines: list[bytes]
    end: int


async def read_blocks(
    objects: ObjectStore, key: str, *, offset: int = 0, length: int = limits.OBJECT_RANGE_BYTES
) -> AsyncGenerator[Block, None]:
    """Yield the archive from `offset` on, a range of at most `length` bytes at a time.

    Ranges are cut at their last newline. A line longer than a range is read in full, up to
    `jsonl.LINE_BYTES_MAX`.
    """
    size = length
    while piece := await objects.read_range(key, offset=offset, length=size):
        last = len(piece) < size
        lines = piece.split(b"\n")
        rest = 0 if last else len(lines.pop())
        if rest == len(piece):
            if size >= LINE_BYTES_MAX:
                raise ArchiveMismatch(f"{key} has a line of more than {LINE_BYTES_MAX} bytes")
            size *= 2
            continue
        offset, size = offset + len(piece) - rest, length
        yield Block([bare for line in lines if (bare := line.strip(b" \t\r"))], offset)
        if last:
            return
