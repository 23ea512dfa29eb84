"""The whole sync against the emulated shop: what arrives, what is said of it, what repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from ingest.settlement import settlement
from local.shopify import actions
from local.shopify.catalogue import Product, Variant
from local.shopify.options import ALL_SCOPES, EmulatorOptions
from local.shopify.orders import Line, Order

from shared.ids import derived_id
from shared.ports import Row
from shared.sync.replay import replay_archive
from tests.fixtures.bulk_sync import BulkSync, BulkSyncFactory, Crash
from tests.fixtures.ingest import CollectedStream

STEPS = [
    "initiate",
    "request",
    "request-agreements",
    "poll",
    "download",
    "poll",
    "download-agreements",
    "upsert",
    "enrich",
    "advance-watermark",
    "report-completion",
]


def orders_of(sync: BulkSync) -> list[Order]:
    store = sync.shop.store
    return [order for index in store.by_created() if (order := store.order(index)) is not None]


def kinds_of(steps: list[str]) -> list[str]:
    """Return the steps without numbers, repetitions and waits."""
    kinds = [step.rstrip("-0123456789") for step in steps]
    kept = [kind for kind in kinds if kind != "wait"]
    return [kind for at, kind in enumerate(kept) if not at or kept[at - 1] != kind]


class TestOrders:
    """What the shop has is what the tables hold."""

    async def test_every_fact_of_every_order_arrives(self, bulk_sync: BulkSyncFactory) -> None:
        sync = bulk_sync(orders=300)
        status = await sync.run()
        assert status.state == "complete", status.error
        rows, orders = await sync.rows(), orders_of(sync)
        assert {row["shopify_gid"] for row in rows["order_header"]} == {o.gid for o in orders}
        assert {
            row["shopify_gid"]: (row["quantity"], row["current_quantity"])
            for row in rows["order_line_item"]
        } == {line.gid: (line.quantity, line.current) for o in orders for line in o.lines}
        assert {row["id"] for row in rows["order_line_item"] if row["added_at"]} == {
            derived_id("oln", line.gid) for line in _added(orders)
        }
        assert _refunded(rows["order_refund_line"]) == _refunded_truth(orders)
        assert len(rows["order_refund"]) == sum(len(o.refunds) for o in orders)
        assert len(rows["order_transaction"]) == sum(len(o.transactions) for o in orders)
        assert len(rows["order_return"]) == sum(len(o.returns) for o in orders)
        assert _shipped(rows["fulfillment_line"]) == _shipped_truth(orders)

    async def test_the_run_goes_through_its_steps_and_says_what_it_did(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync()
        start = sync.clock.now()
        await sync.run()
        assert kinds_of(sync.steps) == STEPS
        summary = await sync.summary()
        assert summary["status"] == "complete"
        assert summary["archive"]["roots"] == await sync.count("order_header")
        assert summary["orders_streamed"] == summary["archive"]["roots"]
        assert summary["events_streamed"] == len(sync.ports.commerce.events)
        assert await sync.watermark() == start
        ends = [e for e in sync.ports.sync.events if e["event_type"] == "run_completed"]
        assert len(ends) == 1
        named = {e["step"] for e in sync.ports.sync.events}
        assert named == {step for step in sync.steps if not step.startswith("wait")}
        lease = await sync.ports.watermarks.acquire("orders", "other", ttl=timedelta(minutes=1))
        assert lease.held_by == "other"

    async def test_every_order_is_streamed_and_no_mark_is_left(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync()
        await sync.run()
        streamed = {event["order_id"] for event in sync.ports.commerce.events}
        assert streamed == {row["id"] for row in (await sync.rows())["order_header"]}
        async with sync.databases.open() as db:
            pending = await db.fetch_value(
                "SELECT count(*) FROM order_header WHERE stream_pending_version IS NOT NULL"
            )
        assert pending == 0

    async def test_a_second_run_reads_what_changed_since_the_first(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync()
        await sync.run()
        before = await sync.watermark()
        sync.clock.advance(timedelta(days=1))
        changed = next(o for o in orders_of(sync) if any(line.current for line in o.lines))
        mine = sync.shop.store.change(changed)
        line = next(line for line in mine.lines if line.current)
        actions.refund(mine, [(line, 1)], sync.shop.store.now())
        sync.clock.advance(timedelta(minutes=1))
        status = await sync.run(run_id="run_2")
        assert status.state == "complete", status.error
        summary = await sync.summary("run_2")
        assert summary["since"] == "2026-11-20T12:55:00Z"
        assert summary["archive"]["roots"] == 1
        after = await sync.watermark()
        assert before is not None
        assert after is not None
        assert after > before + timedelta(days=1)
        assert _refunded((await sync.rows())["order_refund_line"]) == _refunded_truth(
            orders_of(sync)
        )

    async def test_a_run_without_changes_moves_the_watermark_and_writes_nothing(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        """Zero rows have no URL: that is no error."""
        sync = bulk_sync()
        await sync.run()
        rows, events = await sync.rows(), len(sync.ports.commerce.events)
        sync.clock.advance(timedelta(days=1))
        assert (await sync.run(run_id="run_2")).state == "complete"
        assert await sync.rows() == rows
        assert len(sync.ports.commerce.events) == events
        assert (await sync.summary("run_2"))["archive"]["size"] == 0

    async def test_failure_mode_6_a_missing_scope_for_old_orders_is_told(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        scopes = tuple(scope for scope in ALL_SCOPES if scope != "read_all_orders")
        sync = bulk_sync(options=EmulatorOptions(scopes=scopes))
        await sync.run()
        assert any("read_all_orders" in note for note in (await sync.summary())["notes"])

    async def test_failure_mode_15_a_missing_scope_costs_its_fields_only(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync(options=EmulatorOptions(scopes=("read_orders", "read_all_orders")))
        status = await sync.run()
        assert status.state == "complete", status.error
        assert await sync.count("order_line_item") > 0
        assert await sync.count("order_return") == 0


class TestProducts:
    """Products are a run of their own, without events."""

    async def test_products_and_variants_arrive(self, bulk_sync: BulkSyncFactory) -> None:
        sync = bulk_sync()
        status = await sync.run("products")
        assert status.state == "complete", status.error
        products = sync.shop.store.products.values()
        assert await sync.count("product") == len(products)
        assert await sync.count("product_variant") == sum(len(_variants(p)) for p in products)
        assert "enrich" not in kinds_of(sync.steps)
        assert await sync.watermark("products") is not None
        assert await sync.watermark("orders") is None

    async def test_failure_mode_9_a_changed_product_is_read_again_and_a_lost_variant_removed(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync()
        await sync.run("products")
        sync.clock.advance(timedelta(hours=1))
        product = next(p for p in sync.shop.store.products.values() if len(p.variants) > 1)
        product.title = "Renamed"
        sync.shop.store.delete_variant(product, product.variants[0])
        sync.clock.advance(timedelta(minutes=1))
        assert (await sync.run("products", "run_2")).state == "complete"
        rows = await sync.rows()
        assert [r["shopify_gid"] for r in rows["product"] if r["title"] == "Renamed"] == [
            product.gid
        ]
        of_product = [
            r["shopify_gid"]
            for r in rows["product_variant"]
            if r["product_id"] == derived_id("prd", product.gid)
        ]
        assert sorted(of_product) == sorted(variant.gid for variant in _variants(product))


class TestCrashes:
    """Cut off at any step, a run goes on to the same end, and nothing counts twice."""

    @pytest.mark.parametrize("point", ["after", "before"])
    async def test_a_run_that_is_cut_off_at_every_step_reaches_the_same_end(
        self, bulk_sync: BulkSyncFactory, point: str
    ) -> None:
        """`after` its journalling no step runs again; cut off `before`, each runs twice."""
        sync = bulk_sync()
        await sync.run()
        rows, events = await sync.rows(), sync.ports.commerce.newest()
        watermark = await sync.watermark()
        sync.clock.at = watermark or sync.clock.at
        died: set[str] = set()

        def interrupt(at: str, _workflow: str, step: str) -> None:
            if at == point and step not in died:
                died.add(step)
                raise Crash

        await _empty(sync)
        for _ in range(80):
            status = await sync.run(run_id="run_2", interrupt=interrupt)
            if status.state not in ("queued", "running", "waiting"):
                break
        assert status.state == "complete", status.error
        assert len(died) > len(STEPS)
        assert await sync.rows() == rows
        assert sync.ports.commerce.newest() == events
        assert await sync.watermark() == watermark

    async def test_a_lost_start_is_found_again_and_not_started_twice(
        self, bulk_sync: BulkSyncFactory
    ) -> None:
        sync = bulk_sync()
        died: set[str] = set()

        def interrupt(at: str, _workflow: str, step: str) -> None:
            if at == "before" and step.startswith("request") and step not in died:
                died.add(step)
                raise Crash

        while (await sync.run(interrupt=interrupt)).state == "running":
            pass
        assert died == {"request", "request-agreements"}
        assert len(list(sync.shop.emulator.api.operations.all())) == 2


async def test_a_replay_of_a_runs_archives_changes_nothing(bulk_sync: BulkSyncFactory) -> None:
    sync = bulk_sync()
    await sync.run()
    rows, stream = await sync.rows(), CollectedStream()
    await replay_archive(
        sync.databases,
        sync.ports.objects,
        stream,
        settlement(sync.bindings()),
        name="orders",
        archive_run="run_1",
        replay_id="replay_1",
        timezone="Europe/Berlin",
        loads=sync.bindings().loads,
    )
    assert await sync.rows() == rows
    assert stream.newest() == sync.ports.commerce.newest()


async def _empty(sync: BulkSync) -> None:
    """Forget everything but the archives of earlier runs."""
    sync.ports.journal.execute("DELETE FROM watermark")
    sync.ports.commerce.events.clear()
    async with sync.databases.open() as db:
        for table in await sync.rows():
            await db.execute(f"TRUNCATE {table}")  # type: ignore[arg-type]


def _added(orders: list[Order]) -> Iterator[Line]:
    return (line for o in orders for line in o.lines if line.added_at is not None)


def _variants(product: Product) -> list[Variant]:
    return [one for one in product.variants if one.id not in product.deleted_variants]


def _refunded(rows: list[Row]) -> Counter[str]:
    count: Counter[str] = Counter()
    for row in rows:
        count[row["order_line_id"]] += row["quantity"]
    return count


def _refunded_truth(orders: list[Order]) -> Counter[str]:
    count: Counter[str] = Counter()
    for o in orders:
        for refund in o.refunds:
            for line in refund.lines:
                count[derived_id("oln", line.line.gid)] += line.quantity
    return count


def _shipped(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter({(row["fulfillment_id"], row["order_line_id"]): row["quantity"] for row in rows})


def _shipped_truth(orders: list[Order]) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (derived_id("ful", shipment.gid), derived_id("oln", line.line.gid)): line.quantity
            for o in orders
            for shipment in o.fulfillments
            if shipment.status == "SUCCESS"
            for line in shipment.lines
        }
    )
