"""Loads the archives of an orders run: roots, children by `__parentId`, refunds and edits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from shared import limits
from shared.integrations.shopify import graphql_orders as rows
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.jsonl import Loads, kind_of_line, parent_of, parse_line
from shared.orders.gaps_repository import OrderGaps
from shared.orders.models import OrderLine, OrderParts, OrderReturn
from shared.orders.repository import OrderChildren, OrderWrites
from shared.ports import Database, Databases, JsonObject, ObjectStore
from shared.sync.agreement_load import part_count, read_sales
from shared.sync.archive import archive_key, is_root
from shared.sync.load import LoadPage, Parsed, in_chunks, write_overlapped
from shared.sync.order_details import close_gaps

AGREEMENTS: Final = "agreements"
REMOVE_PAGE: Final = 5_000
RETURNS: Final = "returns"
"""Metadata of an archive: `all` where it holds the returns, which needs a scope of its own."""
_RETURN_LINE: Final = "ReturnLineItem"
_RETURN_LINES: Final[JsonObject] = {"phase": "return-lines", "offset": 0}
_SALES: Final[JsonObject] = {"phase": "sales", "part": 0}
_Child = OrderLine | OrderReturn
Item = TypeVar("Item")


class OrderLoad:
    """The loading of one run's order archives, on behalf of one writer.

    Args:
        databases: Where the rows go; one connection per page.
        objects: Where the archives are.
        client: Reads what bulk cannot say; None in a replay.
        archive_run: The run whose archives are read.
        written_by: Who writes: that run, or a replay of it.
        timezone: The shop's.
        loads: The JSON reader.
    """

    def __init__(
        self,
        databases: Databases,
        objects: ObjectStore,
        client: ShopifyClient | None,
        *,
        archive_run: str,
        written_by: str,
        timezone: str,
        loads: Loads,
    ) -> None:
        self._databases, self._objects, self._client = databases, objects, client
        self._key = archive_key(archive_run)
        self._agreements_key = archive_key(archive_run, AGREEMENTS)
        self._writer, self._timezone, self._loads = written_by, timezone, loads
        self._has_return_lines = False

    def start(self) -> JsonObject:
        """Return the cursor of the first page."""
        return {"phase": "roots", "offset": 0}

    async def page(self, cursor: JsonObject) -> LoadPage:
        """Load one page; loading it again changes nothing."""
        phases: dict[str, Callable[[JsonObject], Awaitable[LoadPage]]] = {
            "roots": self._roots,
            "children": self._children,
            "return-lines": self._return_lines,
            "sales": self._sales,
            "remove": self._remove,
            "details": self._details,
        }
        return await phases[cursor["phase"]](cursor)

    async def _roots(self, cursor: JsonObject) -> LoadPage:
        parsed = self._parsed(cursor, self._root, limits.UPSERT_CHUNK_ROOTS)
        async with self._databases.open() as db:
            write = partial(self._writes(db).upsert_roots, written_by=self._writer)
            written = await write_overlapped(parsed.chunks(), write)
        return parsed.page(cursor, {"phase": "children", "offset": 0}, written)

    async def _children(self, cursor: JsonObject) -> LoadPage:
        parsed: Parsed[_Child] = self._parsed(cursor, self._child, limits.UPSERT_CHUNK_CHILDREN)
        async with self._databases.open() as db:
            writes = self._writes(db)

            async def write(chunk: Sequence[_Child]) -> int:
                children = OrderChildren(
                    lines=tuple(row for row in chunk if isinstance(row, OrderLine)),
                    returns=tuple(row for row in chunk if isinstance(row, OrderReturn)),
                )
                return await writes.upsert_children(children, written_by=self._writer)

            written = await write_overlapped(parsed.chunks(), write)
        return_lines = bool(cursor.get("return_lines")) or self._has_return_lines
        after = _RETURN_LINES if return_lines else _SALES
        return parsed.page({**cursor, "return_lines": return_lines}, after, written)

    async def _return_lines(self, cursor: JsonObject) -> LoadPage:
        """Load the lines of returns: they name their return, and only that names the order."""
        parsed = self._parsed(cursor, self._return_line, limits.UPSERT_CHUNK_CHILDREN)
        async with self._databases.open() as db:
            write = partial(self._write_return_lines, OrderGaps(db), self._writes(db))
            written = await write_overlapped(parsed.chunks(), write)
        return parsed.page(cursor, _SALES, written)

    async def _write_return_lines(
        self, reads: OrderGaps, writes: OrderWrites, nodes: Sequence[JsonObject]
    ) -> int:
        parents = {gid for node in nodes if (gid := parent_of(node)) is not None}
        orders = await reads.orders_of_returns(parents)
        found = [
            rows.return_line(node, parent, orders[parent])
            for node in nodes
            if (parent := parent_of(node)) in orders and parent is not None
        ]
        children = OrderChildren(return_lines=tuple(found))
        return await writes.upsert_children(children, written_by=self._writer)

    async def _sales(self, cursor: JsonObject) -> LoadPage:
        after: JsonObject = {"phase": "remove", "after": None}
        info = await self._objects.head(self._agreements_key)
        if info is None:
            return LoadPage(after)
        part, parts = int(cursor["part"]), part_count(info.size)
        sales = await read_sales(
            self._objects, self._agreements_key, part=part, parts=parts, loads=self._loads
        )
        size = limits.UPSERT_CHUNK_CHILDREN
        chunks = [OrderChildren(refund_lines=tuple(c)) for c in in_chunks(sales.refund_lines, size)]
        chunks += [OrderChildren(additions=tuple(c)) for c in in_chunks(sales.additions, size)]
        written = 0
        async with self._databases.open() as db:
            writes = self._writes(db)
            for chunk in chunks:
                written += await writes.upsert_children(chunk, written_by=self._writer)
        if part + 1 < parts:
            after = {"phase": "sales", "part": part + 1}
        return LoadPage(after, sales.records, written, sales.size)

    async def _remove(self, cursor: JsonObject) -> LoadPage:
        """Remove children that the result no longer has, of the kinds that it has all of."""
        info = await self._objects.head(self._key)
        kinds = ["lines"]
        if info is not None and info.metadata.get(RETURNS) == "all":
            kinds += ["returns", "return_lines"]
        async with self._databases.open() as db:
            removed, after = await self._writes(db).remove_unseen(
                written_by=self._writer, kinds=kinds, after=cursor["after"], limit=REMOVE_PAGE
            )
        phase = "details" if after is None else "remove"
        return LoadPage({"phase": phase, "after": after}, records_written=removed)

    async def _details(self, cursor: JsonObject) -> LoadPage:
        page = await close_gaps(
            self._databases,
            self._client,
            written_by=self._writer,
            timezone=self._timezone,
            after=cursor["after"],
        )
        rest = None if page.cursor is None else {"phase": "details", "after": page.cursor}
        return LoadPage(rest, page.read, page.written)

    def _root(self, line: bytes) -> OrderParts | None:
        return rows.order_parts(parse_line(line, self._loads)) if is_root(line) else None

    def _child(self, line: bytes) -> _Child | None:
        kind = kind_of_line(line, self._loads)
        if kind == _RETURN_LINE:
            self._has_return_lines = True
        if kind not in _READERS:
            return None
        node = parse_line(line, self._loads)
        parent = parent_of(node)
        return None if parent is None else _READERS[kind](node, parent)

    def _return_line(self, line: bytes) -> JsonObject | None:
        if kind_of_line(line, self._loads) != _RETURN_LINE:
            return None
        return parse_line(line, self._loads)

    def _parsed(
        self, cursor: JsonObject, read: Callable[[bytes], Item | None], chunk: int
    ) -> Parsed[Item]:
        return Parsed(self._objects, self._key, cursor["offset"], read=read, chunk=chunk)

    def _writes(self, db: Database) -> OrderWrites:
        return OrderWrites(db, timezone=self._timezone)


_READERS: Final[dict[str, Callable[[JsonObject, str], _Child]]] = {
    "LineItem": rows.order_line,
    "Return": rows.return_,
}
