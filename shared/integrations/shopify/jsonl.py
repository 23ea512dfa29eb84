"""Splits a bulk result into lines in bounded memory, and tells of each line what it is.

Nothing here trusts the order of lines: a child is known by its `__parentId`, wherever it stands.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from shared.integrations.shopify.errors import MalformedNode
from shared.limits import MIB
from shared.ports import JsonObject

Loads = Callable[[bytes], Any]
"""A JSON reader; callers with a faster one than the standard library's inject it."""

LINE_BYTES_MAX: Final = 16 * MIB
_TYPENAME: Final = b'{"__typename":"'
_PARENT: Final = b'"__parentId"'


class LineSplitter:
    """Cuts chunks of bytes at newlines, wherever the chunks' own borders lie.

    Blank lines are dropped and CRLF counts as a newline. Holds at most one line and one chunk.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes.

        Raises:
            MalformedNode: A line is longer than `LINE_BYTES_MAX`.
        """
        head, newline, rest = chunk.partition(b"\n")
        self._held += len(head)
        if self._held > LINE_BYTES_MAX:
            raise MalformedNode("", "", f"a line is longer than {LINE_BYTES_MAX} bytes")
        self._pieces.append(head)
        if not newline:
            return []
        lines = [b"".join(self._pieces), *rest.split(b"\n")]
        tail = lines.pop()
        self._pieces, self._held = [tail], len(tail)
        return _without_blanks(lines)

    def flush(self) -> list[bytes]:
        """Return the last line if it did not end in a newline."""
        line = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        return _without_blanks([line])


def _without_blanks(lines: list[bytes]) -> list[bytes]:
    return [stripped for line in lines if (stripped := line.strip(b" \t\r"))]


async def line_batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a stream, those that one chunk completes at a time."""
    splitter = LineSplitter()
    async for chunk in chunks:
        if lines := splitter.feed(chunk):
            yield lines
    if lines := splitter.flush():
        yield lines


def parse_line(line: bytes, loads: Loads = json.loads) -> JsonObject:
    """Parse one line.

    Raises:
        MalformedNode: The line is no JSON object, e.g. because the file was cut off inside it.
    """
    try:
        node = _read(line, loads)
    except ValueError as error:
        raise MalformedNode("", "", f"a line is no JSON ({type(error).__name__})") from None
    if not isinstance(node, dict):
        raise MalformedNode("", "", "a line is no JSON object")
    return node


def _read(line: bytes, loads: Loads) -> object:
    """Read a line; a fast reader may be stricter, e.g. on lone surrogates."""
    try:
        return loads(line)
    except ValueError:
        return json.loads(line)


def kind_of(node: JsonObject) -> str:
    """Return the type of a row: its `__typename`, else the type in its gid, else empty."""
    name = node.get("__typename")
    if isinstance(name, str):
        return name
    gid = node.get("id")
    return gid.removeprefix("gid://shopify/").partition("/")[0] if isinstance(gid, str) else ""


def kind_of_line(line: bytes, loads: Loads = json.loads) -> str:
    """Return the type of a row without parsing it where its `__typename` comes first.

    Our queries select `__typename` first, and a text cannot imitate it: its quotes are escaped.
    """
    end = line.find(b'"', len(_TYPENAME)) if line.startswith(_TYPENAME) else -1
    if end > 0:
        return line[len(_TYPENAME) : end].decode()
    return kind_of(parse_line(line, loads))


def is_root_line(line: bytes, loads: Loads = json.loads) -> bool:
    """Return whether a row has no parent, without parsing it where that is plain to see."""
    return _PARENT not in line or parent_of(parse_line(line, loads)) is None


def parent_of(node: JsonObject) -> str | None:
    """Return the gid of the row's parent, or None for a root."""
    parent = node.get("__parentId")
    return parent if isinstance(parent, str) else None
