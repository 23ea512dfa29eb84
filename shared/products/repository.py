"""Writes products: in chunks from a bulk run, or whole from a webhook.

As with orders, the writer that stamped the product (`written_by`) is the only one that may write
its variants. Locks are taken in one order everywhere: products by id, variants, tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared import limits
from shared.errors import DomainError
from shared.ids import derived_id
from shared.ports import Database
from shared.products.models import ProductParts, ProductVariant
from shared.products.tables import PRODUCTS, SPARSE_PRODUCTS, SPARSE_VARIANTS, VARIANTS
from shared.tags.models import tag_id, tag_name
from shared.transactions import in_transaction


class ProductWrites:
    """The writing side of the product tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def upsert_roots(self, parts: Sequence[ProductParts], *, written_by: str) -> int:
        """Write products, their tags and the variants that came with them.

        Args:
            parts: At most `limits.UPSERT_CHUNK_ROOTS`; of two copies of a product the newer counts.
            written_by: The bulk run.

        Returns:
            How many products were not outdated.
        """
        _check_size(len(parts), limits.UPSERT_CHUNK_ROOTS)
        return await in_transaction(self._db, lambda: self._write(parts, written_by))

    async def upsert_variants(self, variants: Sequence[ProductVariant], *, written_by: str) -> int:
        """Write variants whose product still bears this run; return how many were written.

        Args:
            variants: At most `limits.UPSERT_CHUNK_CHILDREN`.
            written_by: The bulk run that wrote the products.
        """
        _check_size(len(variants), limits.UPSERT_CHUNK_CHILDREN)

        async def write() -> int:
            products = {variant.product_id for variant in variants}
            bearing = await self._lock_bearing(products, written_by)
            rows = [variant for variant in variants if variant.product_id in bearing]
            return await VARIANTS.write(self._db, rows, written_by)

        return await in_transaction(self._db, write)

    async def remove_unseen_variants(
        self, *, written_by: str, after: str | None, limit: int
    ) -> tuple[int, str | None]:
        """Remove variants that this run did not see, of one page of the products that bear it.

        Returns:
            How many were removed, and the cursor of the next page or None.
        """

        async def remove() -> tuple[int, str | None]:
            page = await self._db.fetch_all(
                "SELECT id FROM product WHERE written_by = $1 AND id > $2 ORDER BY id LIMIT $3",
                written_by,
                after or "",
                limit,
            )
            bearing = await self._lock_bearing([row["id"] for row in page], written_by)
            removed = await self._remove_variants(bearing, written_by)
            return removed, page[-1]["id"] if len(page) == limit else None

        return await in_transaction(self._db, remove)

    async def write_whole(
        self, parts: ProductParts, *, written_by: str, sparse: bool = False
    ) -> bool:
        """Write one product with its variants, and remove the variants it no longer has.

        Args:
            parts: The product.
            written_by: The webhook delivery.
            sparse: The source is a webhook body: what it does not say stays as it is.

        Returns:
            False if a newer state of the product was there already; nothing is written then.
        """

        async def write() -> bool:
            if not await self._write([parts], written_by, sparse=sparse):
                return False
            if parts.variants:
                await self._remove_variants({parts.product.id}, written_by)
            return True

        return await in_transaction(self._db, write)

    async def mark_deleted(self, gid: str, at: datetime, *, written_by: str) -> None:
        """Note that Shopify deleted the product, also if it is not known (yet).

        A late write of an older state then fills the row and leaves it deleted.
        """
        await self._db.execute(
            "INSERT INTO product AS t (id, shopify_gid, title, handle, status, is_gift_card,"
            " created_at, shopify_updated_at, written_by, deleted_at)"
            " VALUES ($1, $2, '(deleted product)', '', 'ARCHIVED', false, $3, 'epoch', $4, $3)"
            " ON CONFLICT (id) DO UPDATE SET version = t.version + 1,"
            " deleted_at = COALESCE(t.deleted_at, excluded.deleted_at)",
            derived_id("prd", gid),
            gid,
            at,
            written_by,
        )

    async def unseen(
        self, *, written_by: str, after: str | None, limit: int
    ) -> Sequence[tuple[str, str]]:
        """Return id and gid of products that exist as far as we know and another wrote last."""
        rows = await self._db.fetch_all(
            "SELECT id, shopify_gid FROM product WHERE deleted_at IS NULL AND written_by <> $1"
            " AND id > $2 ORDER BY id LIMIT $3",
            written_by,
            after or "",
            limit,
        )
        return [(row["id"], row["shopify_gid"]) for row in rows]

    async def _write(
        self, parts: Sequence[ProductParts], written_by: str, *, sparse: bool = False
    ) -> int:
        newest: dict[str, ProductParts] = {}
        for part in parts:
            held = newest.get(part.product.id)
            if held is None or held.product.shopify_updated_at <= part.product.shopify_updated_at:
                newest[part.product.id] = part
        products = [part.product for part in newest.values()]
        roots, children = (SPARSE_PRODUCTS, SPARSE_VARIANTS) if sparse else (PRODUCTS, VARIANTS)
        won = await roots.write_guarded(self._db, products, written_by)
        winners = [part for part in newest.values() if part.product.id in won]
        variants = [variant for part in winners for variant in part.variants]
        await children.write(self._db, variants, written_by)
        await self._link_tags(winners)
        return len(winners)

    async def _link_tags(self, parts: Sequence[ProductParts]) -> None:
        if not parts:
            return
        names = {tag_id(name): name for part in parts for name in map(tag_name, part.tags) if name}
        await self._db.execute(
            "INSERT INTO product_tag (id, name) SELECT * FROM unnest($1::text[], $2::text[])"
            " ON CONFLICT DO NOTHING",
            sorted(names),
            [names[tag] for tag in sorted(names)],
        )
        links = {
            derived_id("lpt", part.product.id, tag): (part.product.id, tag)
            for part in parts
            for tag in {tag_id(name) for name in map(tag_name, part.tags) if name}
        }
        await self._db.execute(
            "DELETE FROM link_product_tag WHERE product_id = ANY($1::text[])"
            " AND id <> ALL($2::text[])",
            [part.product.id for part in parts],
            list(links),
        )
        await self._db.execute(
            "INSERT INTO link_product_tag (id, product_id, tag_id)"
            " SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
            list(links),
            [product for product, _ in links.values()],
            [tag for _, tag in links.values()],
        )

    async def _lock_bearing(self, product_ids: Iterable[str], written_by: str) -> set[str]:
        rows = await self._db.fetch_all(
            "SELECT id FROM product WHERE id = ANY($1::text[]) AND written_by = $2"
            " ORDER BY id FOR NO KEY UPDATE",
            sorted(product_ids),
            written_by,
        )
        return {row["id"] for row in rows}

    async def _remove_variants(self, bearing: set[str], written_by: str) -> int:
        return await self._db.execute(
            "DELETE FROM product_variant WHERE product_id = ANY($1::text[]) AND written_by <> $2",
            sorted(bearing),
            written_by,
        )


def _check_size(rows: int, most: int) -> None:
    if rows > most:
        raise DomainError(f"a chunk has {rows} rows; at most {most} go into one transaction")
