"""Product Tag Sync and Backfill against the emulated shop, cut off around every step."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from local.shopify.options import ALL_SCOPES, EmulatorOptions

from shared.clock import format_instant, parse_instant
from shared.integrations.shopify.client import ShopifyClient
from shared.ports import JsonObject
from shared.products.repository import ProductWrites
from shared.sync.windows import BACKFILL_WINDOW, BACKFILL_WINDOW_MIN, Window, backfill_windows
from shared.sync.windows import halved as halves_of
from tests.fixtures import orders as make
from tests.fixtures.bulk_sync import BulkSync, BulkSyncFactory
from tests.fixtures.workflow_runs import WorkflowLab

TAGS = "product-tag-sync"


def lab_of(sync: BulkSync) -> WorkflowLab:
    async def sleep(seconds: float) -> None:
        sync.clock.advance(timedelta(seconds=seconds))
        await asyncio.sleep(min(seconds, 0.02))

    return WorkflowLab(sync.ports, sync.databases, sync.clock, sleep=sleep)


async def tags_of(sync: BulkSync) -> dict[str, tuple[Any, ...]]:
    """Return vendor, status, deletion and tags of every product."""
    async with sync.databases.open() as db:
        rows = await db.fetch_all(
            "SELECT p.shopify_gid, p.vendor, p.status, p.deleted_at IS NOT NULL AS gone,"
            " (SELECT array_agg(t.name ORDER BY t.name) FROM link_product_tag l"
            "  JOIN product_tag t ON t.id = l.tag_id WHERE l.product_id = p.id) AS tags"
            " FROM product p"
        )
    return {row["shopify_gid"]: tuple(row.values())[1:] for row in rows}


class TestTags:
    """What the shop says of its products is what the tables say."""

    async def test_every_product_is_brought_up_to_date_and_deleted_ones_are_marked(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync(orders=100)
        lab = lab_of(sync)
        await sync.run("products", "first")
        synced = await tags_of(sync)
        variants = await sync.count("product_variant")
        watermark = await sync.watermark("products")
        async with sync.databases.open() as db:
            await db.execute("DELETE FROM link_product_tag")
            await db.execute("UPDATE product SET vendor = 'Nobody', status = 'DRAFT'")
            await ProductWrites(db).upsert_roots([make.product(999_999_999)], written_by="old")
        status = await lab.run(TAGS, {"run_id": "tags"})
        assert status.state == "complete", status.error
        found = await tags_of(sync)
        gone = make.product(999_999_999).product.shopify_gid
        assert found.pop(gone)[2] is True
        assert found == synced
        assert await sync.count("product_variant") == variants + len(
            make.product(999_999_999).variants
        )
        assert await sync.watermark("products") == watermark
        summary = await lab.summary("tags")
        assert (summary["status"], summary["workflow"]) == ("complete", TAGS)
        assert (await sync.run("products", "after")).state == "complete"

    async def test_killed_around_every_step(self, bulk_sync: BulkSyncFactory) -> None:
        sync = bulk_sync(orders=100)
        lab = lab_of(sync)
        async with sync.databases.open() as db:
            await ProductWrites(db).upsert_roots([make.product(999_999_999)], written_by="old")
        status = await lab.run_killed_everywhere(TAGS, {"run_id": "tags"})
        assert status.state == "complete", status.error
        killed = await tags_of(sync)
        assert (await lab.run(TAGS, {"run_id": "again"})).state == "complete"
        assert await tags_of(sync) == killed
        assert sum(row[2] for row in killed.values()) == 1
        assert len(sync.shop.store.products) == len(killed) - 1

    async def test_it_gives_way_to_a_sync_of_products(self, bulk_sync: BulkSyncFactory) -> None:
        sync = bulk_sync()
        await sync.ports.watermarks.acquire("products", "other", ttl=timedelta(hours=1))
        status = await lab_of(sync).run(TAGS, {"run_id": "tags"})
        assert isinstance(status.output, dict)
        assert (status.output["status"], status.output["held_by"]) == ("skipped", "other")


class TestWindows:
    """The windows of a backfill are exactly the part that was asked for."""

    def test_they_follow_each_other(self) -> None:
        since, until = make.AT, make.AT + 3 * BACKFILL_WINDOW + timedelta(hours=5)
        windows = backfill_windows(since, until)
        assert (windows[0].since, windows[-1].until) == (since, until)
        assert all(a.until == b.since for a, b in pairwise(windows))
        assert len(windows) == 4
        assert backfill_windows(until, until) == []

    def test_halves_are_the_whole_until_it_is_too_short(self) -> None:
        window = Window(make.AT, make.AT + timedelta(days=90))
        while (parts := halves_of(window)) is not None:
            first, second = parts
            assert (first.since, second.until) == (window.since, window.until)
            assert first.until == second.since
            window = second
        assert window.until - window.since < 2 * BACKFILL_WINDOW_MIN
        assert window.until - window.since >= BACKFILL_WINDOW_MIN


def payload(sync: BulkSync, run_id: str = "back", *, days: int = 400, **more: Any) -> JsonObject:
    since = format_instant(sync.clock.now() - timedelta(days=days))
    return {"run_id": run_id, "object": "orders", "since": since, **more}


def failing_above(monkeypatch: pytest.MonkeyPatch, widest: timedelta) -> list[str]:
    """Let Shopify refuse every export of a longer window; return what was asked for."""
    asked: list[str] = []
    start = ShopifyClient.start_bulk

    async def start_bulk(client: ShopifyClient, query: str) -> str:
        since, until = (part.split("'")[1] for part in query.split("updated_at:")[1:3])
        asked.append(f"{since} {until}")
        if parse_instant(until) - parse_instant(since) > widest:
            raise ValueError("Shopify gave up")
        return await start(client, query)

    monkeypatch.setattr(ShopifyClient, "start_bulk", start_bulk)
    return asked


class TestBackfill:
    """Old history arrives, whatever fails on the way."""

    async def test_it_loads_what_a_sync_never_reads(self, bulk_sync: BulkSyncFactory) -> None:
        sync = bulk_sync(orders=150)
        lab = lab_of(sync)
        status = await lab.run("backfill", payload(sync, days=900))
        assert status.state == "complete", status.error
        store = sync.shop.store
        there = {o.gid for i in store.by_created() if (o := store.order(i)) is not None}
        rows = await sync.rows()
        assert {row["shopify_gid"] for row in rows["order_header"]} == there
        streamed = {event["order_id"] for event in sync.ports.commerce.events}
        assert streamed == {row["id"] for row in rows["order_header"]}
        assert await sync.watermark() is None
        summary = await lab.summary("back")
        assert (summary["status"], summary["windows"], summary["windows_left"]) == (
            "complete", 10, 0,
        )  # fmt: skip
        assert summary["hidden_before"] is None
        before = await sync.rows()
        assert (await sync.run(run_id="daily")).state == "complete"
        assert await sync.rows() == before

    async def test_windows_that_fail_are_halved(
        self, bulk_sync: BulkSyncFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync = bulk_sync(orders=60)
        lab = lab_of(sync)
        asked = failing_above(monkeypatch, timedelta(days=50))
        status = await lab.run("backfill", payload(sync, days=180))
        assert status.state == "complete", status.error
        summary = await lab.summary("back")
        assert (summary["windows"], summary["windows_halved"]) == (4, 2)
        assert summary["halved"]["why"] == "Shopify gave up"
        assert len(set(asked)) == 6
        assert await sync.count("order_header") > 0

    async def test_a_window_that_cannot_be_halved_ends_the_run(
        self, bulk_sync: BulkSyncFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync = bulk_sync(orders=60)
        lab = lab_of(sync)
        failing_above(monkeypatch, timedelta(0))
        status = await lab.run("backfill", payload(sync, days=1))
        assert status.state == "errored"
        summary = await lab.summary("back")
        assert (summary["status"], summary["reason"]) == ("failed", "Shopify gave up")
        lease = await sync.ports.watermarks.acquire(
            "backfill-orders", "next", ttl=timedelta(minutes=1)
        )
        assert lease.held_by == "next"

    async def test_killed_around_every_step_while_windows_fail(
        self, bulk_sync: BulkSyncFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync = bulk_sync(orders=60)
        lab = lab_of(sync)
        failing_above(monkeypatch, timedelta(days=100))
        monkeypatch.setattr("shared.sync.windows.BACKFILL_WINDOW", timedelta(days=150))
        status = await lab.run_killed_everywhere("backfill", payload(sync, days=150))
        assert status.state == "complete", status.error
        rows, events = await sync.rows(), sync.ports.commerce.newest()
        assert (await lab.summary("back"))["windows_halved"] == 1
        monkeypatch.undo()
        assert (await lab.run("backfill", payload(sync, "again", days=150))).state == "complete"
        assert await sync.rows() == rows
        assert sync.ports.commerce.newest().keys() == events.keys()
        assert await sync.watermark() is None

    async def test_the_wall_of_60_days_is_told(self, bulk_sync: BulkSyncFactory) -> None:
        scopes = tuple(scope for scope in ALL_SCOPES if scope != "read_all_orders")
        options = EmulatorOptions(scopes=scopes)
        sync = bulk_sync(orders=100, options=options)
        lab = lab_of(sync)
        status = await lab.run("backfill", payload(sync))
        assert status.state == "complete", status.error
        summary = await lab.summary("back")
        wall = parse_instant(summary["hidden_before"])
        assert timedelta(days=60) <= sync.clock.now() - wall < timedelta(days=61)
        assert "read_all_orders" in summary["notes"][0]
        assert summary["since"] == format_instant(wall)
        old = sync.clock.now() - timedelta(days=100)
        blocked = await lab.run("backfill", payload(sync, "old", until=format_instant(old)))
        assert isinstance(blocked.output, dict)
        assert blocked.output["status"] == "blocked"
        assert "read_all_orders" in blocked.output["notes"][0]

    async def test_the_wall_hides_also_what_changed_behind_it(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        scopes = tuple(scope for scope in ALL_SCOPES if scope != "read_all_orders")
        sync = bulk_sync(orders=100, options=EmulatorOptions(scopes=scopes))
        lab = lab_of(sync)
        assert (await lab.run("backfill", payload(sync, days=30))).state == "complete"
        [note] = (await lab.summary("back"))["notes"]
        assert "read_all_orders" in note
        now = format_instant(sync.clock.now())
        nothing = {**payload(sync, "none"), "since": now, "until": now}
        ended = await lab.run("backfill", nothing)
        assert isinstance(ended.output, dict)
        assert ended.output["status"] == "complete"
