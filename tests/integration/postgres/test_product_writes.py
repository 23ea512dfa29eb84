"""Products, variants, tags and artifacts in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared import limits
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.repository import Artifacts
from shared.errors import Conflict, DomainError, NotFound, PreconditionFailed
from shared.ids import gid
from shared.ports import Database
from shared.products.repository import ProductWrites
from shared.products.tables import PRODUCTS, VARIANTS
from shared.tags.models import tag_id
from shared.tags.repository import ProductCategories, ProductTags
from tests.fixtures import orders as make

AT = make.AT
LATER = AT + timedelta(hours=1)


async def column(db: Database, sql: str, *args: object) -> list[Any]:
    return [next(iter(row.values())) for row in await db.fetch_all(sql, *args)]


async def tags_of(db: Database, number: int = 1) -> list[str]:
    return await column(
        db,
        "SELECT t.name FROM link_product_tag l JOIN product_tag t ON t.id = l.tag_id"
        ' WHERE l.product_id = $1 ORDER BY t.name COLLATE "C"',
        make.product(number).product.id,
    )


class TestProducts:
    """Products follow the same rules as orders."""

    async def test_records_come_back_as_they_went(self, db: Database) -> None:
        variant = make.variant(
            1, compare_at_price=Decimal("12.5000"), barcode="4006381333931", position=3
        )
        parts = make.product(1, ["a"], [variant], price_min=Decimal("10.0000"), title="Täßchen")
        assert await ProductWrites(db).upsert_roots([parts], written_by="run") == 1
        (row,) = await db.fetch_all(f"SELECT {PRODUCTS.select_list} FROM product")
        assert PRODUCTS.of(row) == parts.product
        (row,) = await db.fetch_all(f"SELECT {VARIANTS.select_list} FROM product_variant")
        assert VARIANTS.of(row) == variant

    async def test_an_older_state_changes_nothing(self, db: Database) -> None:
        writes = ProductWrites(db)
        await writes.upsert_roots(
            [make.product(1, ["new"], title="new", shopify_updated_at=LATER)], written_by="one"
        )
        assert await writes.upsert_roots([make.product(1, ["old"])], written_by="two") == 0
        assert await column(db, "SELECT title || written_by FROM product") == ["newone"]
        assert await tags_of(db) == ["new"]

    async def test_variants_only_of_products_that_bear_the_run(self, db: Database) -> None:
        writes = ProductWrites(db)
        await writes.upsert_roots([make.product(1), make.product(2)], written_by="run")
        await writes.write_whole(make.product(2, (), [make.variant(9, 2)]), written_by="hook")
        late = [make.variant(1, 1), make.variant(9, 2, title="outdated"), make.variant(3, 3)]
        assert await writes.upsert_variants(late, written_by="run") == 1
        titles = await column(db, "SELECT title FROM product_variant")
        assert titles == ["Blue", "Blue"]

    async def test_unseen_variants_are_removed_page_by_page(self, db: Database) -> None:
        writes = ProductWrites(db)
        for number in range(1, 6):
            await writes.write_whole(
                make.product(number, (), [make.variant(number, number)]), written_by="earlier"
            )
        products = [make.product(number) for number in range(1, 6)]
        await writes.upsert_roots(products, written_by="run")
        await writes.upsert_variants([make.variant(1, 1)], written_by="run")
        removed, after = 0, None
        for _ in range(3):
            count, after = await writes.remove_unseen_variants(
                written_by="run", after=after, limit=2
            )
            removed += count
        assert (removed, after) == (4, None)
        assert await column(db, "SELECT id FROM product_variant") == [make.variant(1).id]

    async def test_a_webhook_replaces_the_variants(self, db: Database) -> None:
        writes = ProductWrites(db)
        await writes.write_whole(make.product(1, (), [make.variant(1)]), written_by="one")
        await writes.write_whole(make.product(1, (), [make.variant(2)]), written_by="two")
        assert await column(db, "SELECT id FROM product_variant") == [make.variant(2).id]

    async def test_a_deletion_is_kept_whatever_arrives_later(self, db: Database) -> None:
        writes = ProductWrites(db)
        await writes.mark_deleted(gid("Product", 1), LATER, written_by="hook")
        assert await writes.upsert_roots([make.product(1)], written_by="late") == 1
        await writes.mark_deleted(gid("Product", 1), LATER + timedelta(days=1), written_by="again")
        row = await db.fetch_one("SELECT title, deleted_at FROM product")
        assert row is not None
        assert tuple(row.values()) == ("Mug", LATER)

    async def test_chunks_above_the_limit(self, db: Database) -> None:
        products = [make.product(1)] * (limits.UPSERT_CHUNK_ROOTS + 1)
        with pytest.raises(DomainError, match="501"):
            await ProductWrites(db).upsert_roots(products, written_by="run")


class TestTags:
    """One row per tag; links follow the product."""

    async def test_sixty_tags_with_odd_names(self, db: Database) -> None:
        tags = [f'tag {n} \U0001f600, "{n}" {{x}}' for n in range(58)] + ["nul\x00", "half \ud83d"]
        await ProductWrites(db).upsert_roots([make.product(1, tags)], written_by="run")
        expected = sorted([*tags[:58], "nul", "half ?"])
        assert sorted(await tags_of(db)) == expected

    async def test_spellings_that_differ_in_case_are_one_tag(self, db: Database) -> None:
        writes = ProductWrites(db)
        await writes.upsert_roots([make.product(1, ["Gift", " gift ", ""])], written_by="run")
        await writes.upsert_roots([make.product(2, ["GIFT"])], written_by="run")
        assert await column(db, "SELECT count(*) FROM product_tag") == [1]
        assert len(await tags_of(db)) == len(await tags_of(db, 2)) == 1

    async def test_links_follow_the_product(self, db: Database) -> None:
        writes = ProductWrites(db)
        for tags in (["a", "b"], ["b", "c"], []):
            parts = [make.product(1, tags), make.product(2, ["a"])]
            await writes.upsert_roots(parts, written_by="run")
            assert await tags_of(db) == tags
            assert await tags_of(db, 2) == ["a"]

    async def test_concurrent_writers_of_the_same_tags(self, databases: AsyncpgDatabases) -> None:
        async def write(run: str) -> int:
            async with databases.open() as own:
                chunk = [make.product(n, [f"t{n % 7}", f"u{n % 5}"]) for n in range(1, 51)]
                return await ProductWrites(own).upsert_roots(chunk, written_by=run)

        assert await asyncio.gather(*(write(f"run-{n}") for n in range(5))) == [50] * 5

    async def test_groups(self, db: Database) -> None:
        await ProductWrites(db).upsert_roots([make.product(1, ["a", "b"])], written_by="run")
        groups = ProductCategories(db)
        theme = await groups.add("cat_1", "Theme", description=None, at=AT, by="ann")
        with pytest.raises(Conflict):
            await groups.add("cat_2", "THEME", description=None, at=AT, by="ann")
        assert await groups.list() == [theme]
        tags = ProductTags(db)
        known = [tag_id("A"), tag_id("unknown")]
        assert await tags.classify(known, theme.id, at=AT, by="ann") == 1
        groups_of = {tag.name: tag.category_id for tag in await tags.list(limit=10)}
        assert groups_of == {"a": theme.id, "b": None}


class TestArtifacts:
    """Artifacts of every kind; concurrent edits are refused."""

    async def test_the_catalog_knows_every_kind(self, db: Database) -> None:
        kinds = await column(db, "SELECT kind FROM macrodata_catalog")
        assert sorted(kinds) == sorted(kind.value for kind in ArtifactKind)

    async def test_a_life(self, db: Database) -> None:
        artifacts, kind = Artifacts(db), ArtifactKind.COMBO_TEMPLATE
        added = await artifacts.add(kind, {"a": [1, None]}, at=AT, by="ann", name="one")
        assert (added.version, added.payload, added.updated_by) == (1, {"a": [1, None]}, "ann")
        assert await artifacts.get(kind, added.id) == added
        assert await artifacts.get_named(kind, "one") == added
        assert await artifacts.get(ArtifactKind.COMBO_REPORT, added.id) is None
        changed = await artifacts.update(
            kind, added.id, expected_version=1, at=LATER, by="bob", payload={"b": "\U0001f600"}
        )
        assert (changed.version, changed.payload) == (2, {"b": "\U0001f600"})
        assert (changed.created_by, changed.updated_by, changed.status) == ("ann", "bob", "active")
        closed = await artifacts.update(
            kind, added.id, expected_version=2, at=LATER, by="bob", status="closed"
        )
        assert (closed.payload, closed.status) == ({"b": "\U0001f600"}, "closed")
        await artifacts.remove(kind, added.id, expected_version=3)
        assert await artifacts.get(kind, added.id) is None

    async def test_a_stale_version_is_refused(self, db: Database) -> None:
        artifacts, kind = Artifacts(db), ArtifactKind.CLASSIFICATION_SPEC
        added = await artifacts.add(kind, {}, at=AT, by="ann")
        await artifacts.update(
            kind, added.id, expected_version=1, at=AT, by="ann", payload={"n": 1}
        )
        with pytest.raises(PreconditionFailed):
            await artifacts.update(kind, added.id, expected_version=1, at=AT, by="bob", payload={})
        with pytest.raises(PreconditionFailed):
            await artifacts.remove(kind, added.id, expected_version=1)
        with pytest.raises(NotFound):
            await artifacts.update(kind, "mda_none", expected_version=1, at=AT, by="bob")
        with pytest.raises(NotFound):
            await artifacts.remove(kind, "mda_none")
        current = await artifacts.get(kind, added.id)
        assert current is not None
        assert current.payload == {"n": 1}

    async def test_two_editors_of_one_version(self, databases: AsyncpgDatabases) -> None:
        kind = ArtifactKind.COMBO_REPORT
        async with databases.open() as db:
            added = await Artifacts(db).add(kind, {}, at=AT, by="ann")

        async def edit(by: str) -> str:
            async with databases.open() as own:
                await Artifacts(own).update(
                    kind, added.id, expected_version=1, at=LATER, by=by, payload={"by": by}
                )
                return by

        outcomes = await asyncio.gather(*(edit(f"e{n}") for n in range(5)), return_exceptions=True)
        assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, PreconditionFailed) for outcome in outcomes) == 4

    async def test_names_are_unique_within_a_kind(self, db: Database) -> None:
        artifacts = Artifacts(db)
        await artifacts.add(ArtifactKind.DESIGN_ASSET, {}, at=AT, by="ann", name="x")
        await artifacts.add(ArtifactKind.COMBO_REPORT, {}, at=AT, by="ann", name="x")
        with pytest.raises(Conflict):
            await artifacts.add(ArtifactKind.DESIGN_ASSET, {}, at=AT, by="ann", name="x")

    async def test_lists_page_and_filter(self, db: Database) -> None:
        artifacts, kind = Artifacts(db), ArtifactKind.DOCUMENT_EXPORT
        made = [
            await artifacts.add(kind, {"n": n}, at=AT, by="ann", status="ready" if n % 2 else "new")
            for n in range(5)
        ]
        await artifacts.add(ArtifactKind.COMBO_REPORT, {}, at=AT, by="ann")
        first = await artifacts.list(kind, limit=3)
        rest = await artifacts.list(kind, limit=3, after=first[-1].id)
        assert [a.id for a in [*first, *rest]] == sorted(a.id for a in made)
        ready = await artifacts.list(kind, status="ready", limit=10)
        assert sorted(a.payload["n"] for a in ready) == [1, 3]
