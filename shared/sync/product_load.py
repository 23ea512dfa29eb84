"""Loads an archive of products: the roots, then their variants, then what is no longer there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from shared import limits
from shared.integrations.shopify import graphql_products as rows
from shared.integrations.shopify.jsonl import Loads, kind_of, parent_of, parse_line
from shared.ports import Databases, JsonObject, ObjectStore
from shared.products.models import ProductParts, ProductVariant
from shared.products.repository import ProductWrites
from shared.sync.archive import archive_key, is_root
from shared.sync.load import LoadPage, Parsed, write_overlapped

REMOVE_PAGE: Final = 5_000
_VARIANT: Final = "ProductVariant"
Item = TypeVar("Item")


class ProductLoad:
    """The loading of one products archive, on behalf of one writer.

    Args:
        databases: Where the rows go; one connection per page.
        objects: Where the archive is.
        archive_run: The run whose archive is read.
        written_by: Who writes: that run, or a replay of it.
        loads: The JSON reader.
    """

    def __init__(
        self,
        databases: Databases,
        objects: ObjectStore,
        *,
        archive_run: str,
        written_by: str,
        loads: Loads,
    ) -> None:
        self._databases, self._objects, self._loads = databases, objects, loads
        self._key = archive_key(archive_run)
        self._writer = written_by

    def start(self) -> JsonObject:
        """Return the cursor of the first page."""
        return {"phase": "roots", "offset": 0}

    async def page(self, cursor: JsonObject) -> LoadPage:
        """Load one page; loading it again changes nothing."""
        phases: dict[str, Callable[[JsonObject], Awaitable[LoadPage]]] = {
            "roots": self._roots,
            "children": self._children,
            "remove": self._remove,
        }
        return await phases[cursor["phase"]](cursor)

    async def _roots(self, cursor: JsonObject) -> LoadPage:
        parsed = self._parsed(cursor, self._root, limits.UPSERT_CHUNK_ROOTS)
        async with self._databases.open() as db:
            writes = partial(ProductWrites(db).upsert_roots, written_by=self._writer)
            written = await write_overlapped(parsed.chunks(), writes)
        return parsed.page(cursor, {"phase": "children", "offset": 0}, written)

    async def _children(self, cursor: JsonObject) -> LoadPage:
        parsed = self._parsed(cursor, self._variant, limits.UPSERT_CHUNK_CHILDREN)
        async with self._databases.open() as db:
            writes = partial(ProductWrites(db).upsert_variants, written_by=self._writer)
            written = await write_overlapped(parsed.chunks(), writes)
        return parsed.page(cursor, {"phase": "remove", "after": None}, written)

    async def _remove(self, cursor: JsonObject) -> LoadPage:
        async with self._databases.open() as db:
            removed, after = await ProductWrites(db).remove_unseen_variants(
                written_by=self._writer, after=cursor["after"], limit=REMOVE_PAGE
            )
        rest = None if after is None else {"phase": "remove", "after": after}
        return LoadPage(rest, records_written=removed)

    def _root(self, line: bytes) -> ProductParts | None:
        return rows.product_parts(parse_line(line, self._loads)) if is_root(line) else None

    def _variant(self, line: bytes) -> ProductVariant | None:
        if is_root(line):
            return None
        node = parse_line(line, self._loads)
        parent = parent_of(node)
        if parent is None or kind_of(node) != _VARIANT:
            return None
        return rows.variant(node, parent)

    def _parsed(
        self, cursor: JsonObject, read: Callable[[bytes], Item | None], chunk: int
    ) -> Parsed[Item]:
        return Parsed(self._objects, self._key, cursor["offset"], read=read, chunk=chunk)
