"""Writes the rows of a bulk result: escaped slashes, `__parentId`, children scattered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson
from graphql import OperationDefinitionNode

from local.shopify.queries.compile import Child, Compiler, Shape
from shared.ports import JsonObject

RowChange = Callable[[JsonObject, bool], JsonObject]
"""Alters a row before it is written; the second argument says whether it is a root."""

_WAITING_MOST = 2_000


@dataclass(slots=True)
class Counts:
    """What was written so far."""

    objects: int = 0
    roots: int = 0


def unchanged(row: JsonObject, _: bool) -> JsonObject:
    """Leave a row as it is."""
    return row


class RowWriter:
    """Renders the rows of one bulk operation."""

    def __init__(self, *, group_objects: bool, seed: int, change: RowChange = unchanged) -> None:
        self.counts = Counts()
        self._group, self._change = group_objects, change
        self._state = (seed * 2_654_435_761 + 12_345) & 0x7FFFFFFF
        self._waiting: dict[int, deque[tuple[object, Shape, str]]] = {}
        self._pending = 0

    def rows(self, compiler: Compiler, operation: OperationDefinitionNode) -> Iterator[list[bytes]]:
        """Yield the rows, a few at a time: one list per root object, and one of what is left."""
        root = compiler.projection("QueryRoot", [operation.selection_set])
        for child in root.children:
            for found in child.items(compiler.root):
                self.counts.roots += 1
                lines: list[bytes] = []
                self._write(found, child.shape, None, lines)
                self._scatter(lines)
                yield lines
        lines = []
        while self._pending:
            self._write_waiting(lines)
            if len(lines) >= 200:
                yield lines
                lines = []
        yield lines

    def _write(self, found: object, shape: Shape, parent: str | None, lines: list[bytes]) -> None:
        projection = shape.projection(found)
        row = projection.render(found)
        if parent is not None:
            row["__parentId"] = parent
        row = self._change(row, parent is None)
        lines.append(orjson.dumps(row).replace(b"/", b"\\/"))
        self.counts.objects += 1
        for child in projection.children:
            self._hold(child, found, row["id"], lines)

    def _hold(self, child: Child, found: object, parent: str, lines: list[bytes]) -> None:
        if self._group:
            for item in child.items(found):
                self._write(item, child.shape, parent, lines)
            return
        queue = self._waiting.setdefault(id(child), deque())
        before = len(queue)
        queue.extend((item, child.shape, parent) for item in child.items(found))
        self._pending += len(queue) - before

    def _draw(self, below: int) -> int:
        self._state = (self._state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self._state >> 8) % below

    def _scatter(self, lines: list[bytes]) -> None:
        for _ in range(self._draw(9)):
            if self._pending:
                self._write_waiting(lines)
        while self._pending > _WAITING_MOST:
            self._write_waiting(lines)

    def _write_waiting(self, lines: list[bytes]) -> None:
        queues = [queue for queue in self._waiting.values() if queue]
        found, shape, parent = queues[self._draw(len(queues))].popleft()
        self._pending -= 1
        self._write(found, shape, parent, lines)
