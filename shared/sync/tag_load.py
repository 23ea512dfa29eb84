"""Loads what every product is tagged with, and finds the products that Shopify no longer has."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from shared.clock import Clock
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.documents import KNOWN
from shared.integrations.shopify.jsonl import Loads
from shared.ports import Databases, JsonObject, ObjectStore
from shared.products.repository import ProductWrites
from shared.sync.load import LoadPage
from shared.sync.product_load import ProductLoad

UNSEEN_PAGE: Final = 1_000
_UNSEEN: Final[JsonObject] = {"phase": "unseen", "after": None}


class TagLoad:
    """The loading of one archive of products without variants, on behalf of one run.

    What the archive lacks is asked for by its id before it is marked as deleted: a product may be
    newer than the archive, or its row than the archive's state.

    Args:
        databases: Where the rows go; one connection per page.
        objects: Where the archive is.
        client: Tells which products exist.
        run_id: Whose archive, and who writes.
        clock: When a deletion is noted.
        loads: The JSON reader.
    """

    def __init__(
        self,
        databases: Databases,
        objects: ObjectStore,
        client: ShopifyClient,
        *,
        run_id: str,
        clock: Clock,
        loads: Loads,
    ) -> None:
        self._databases, self._client, self._clock = databases, client, clock
        self._run_id = run_id
        self._products = ProductLoad(
            databases, objects, archive_run=run_id, written_by=run_id, loads=loads
        )

    def start(self) -> JsonObject:
        """Return the cursor of the first page."""
        return self._products.start()

    async def page(self, cursor: JsonObject) -> LoadPage:
        """Load one page; loading it again changes nothing."""
        if cursor["phase"] == "unseen":
            return await self._unseen(cursor)
        page = await self._products.page(cursor)
        if page.cursor is not None and page.cursor["phase"] == "roots":
            return page
        return replace(page, cursor=_UNSEEN)

    async def _unseen(self, cursor: JsonObject) -> LoadPage:
        async with self._databases.open() as db:
            found = await ProductWrites(db).unseen(
                written_by=self._run_id, after=cursor["after"], limit=UNSEEN_PAGE
            )
        gids = [gid for _, gid in found]
        nodes = await self._client.nodes(gids, KNOWN)
        gone = [gid for gid, node in zip(gids, nodes, strict=True) if node is None]
        async with self._databases.open() as db:
            for gid in gone:
                now = self._clock.now()
                await ProductWrites(db).mark_deleted(gid, now, written_by=self._run_id)
        rest: JsonObject | None = None
        if len(found) == UNSEEN_PAGE:
            rest = {"phase": "unseen", "after": found[-1][0]}
        return LoadPage(rest, records_read=len(found), records_written=len(gone))
