"""What deliveries leave behind: the right rows and events, once, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from shared.errors import Unavailable
from shared.ids import derived_id, gid
from tests.fixtures.ingest import consume_one
from tests.fixtures.webhook_chaos import TroubledStream
from tests.fixtures.webhooks import Webhooks

BODIES = Path(__file__).parents[4] / "shared" / "fixtures" / "shopify"
"""Beside the project, where there are any."""
NOTE = "SELECT note FROM order_header WHERE shopify_gid = $1"


def newest_order(webhooks: Webhooks):
    """An order that was neither cancelled nor edited, nor paid in another currency."""
    store = webhooks.shop.store
    for index in range(store.source.size - 1, -1, -1):
        order = store.order(index)
        same = order.currencies.shop == order.currencies.presentment
        if same and order.cancelled_at is None and not (order.refunds or order.edits):
            return order
    raise LookupError


def bought(webhooks: Webhooks):
    """Place an order of one new article; return it."""
    product = next(iter(webhooks.shop.store.products.values()))
    return webhooks.changes.add_order([(product.variants[0].id, 2)], email="Ann@Example.com")


async def streamed(webhooks: Webhooks, order_gid: str) -> dict[str, int]:
    """Count the facts of an order in the stream by type, each once."""
    counts: dict[str, int] = {}
    for event in webhooks.ports.commerce.newest().values():
        if event["order_id"] == derived_id("ord", order_gid):
            counts[event["event_type"]] = counts.get(event["event_type"], 0) + 1
    return counts


async def test_an_order_is_created_and_its_payment_captured(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    assert await streamed(webhooks, order.gid) == {"order_created": 1, "payment_captured": 1}
    assert await webhooks.outcomes_of("orders/create") == ["written"]
    assert await webhooks.outcomes_of("orders/paid") == ["same"]
    assert webhooks.dead_letters() == []


async def test_a_deleted_product_keeps_what_it_sold(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    lines = "SELECT l.product_id, l.variant_id FROM order_line_item l"
    sold = await webhooks.rows(lines)
    assert None not in sold[0].values()
    webhooks.changes.delete_product(next(iter(webhooks.shop.store.products)))
    webhooks.clock.advance(timedelta(days=1))
    webhooks.changes.update(order.id, note="packed")
    webhooks.changes.refund(order.id, extra_minor=100)
    await webhooks.handle(*webhooks.taken())
    assert await webhooks.rows(lines) == sold
    events = webhooks.ports.commerce.newest().values()
    of_order = [event for event in events if event["order_id"] == derived_id("ord", order.gid)]
    [created] = [event for event in of_order if event["event_type"] == "order_created"]
    assert (created["product_id"], created["variant_id"]) == tuple(sold[0].values())


async def test_failure_17_updated_before_created(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    created = webhooks.taken()
    webhooks.clock.advance(timedelta(seconds=2))
    webhooks.changes.update(order.id, note="later")
    await webhooks.handle(*webhooks.taken())
    await webhooks.handle(*reversed(created))
    assert await webhooks.rows(NOTE, order.gid) == [{"note": "later"}]
    assert await webhooks.outcomes_of("orders/create") == ["outdated"]
    assert await streamed(webhooks, order.gid) == {"order_created": 1, "payment_captured": 1}


async def test_failure_16_the_same_delivery_many_times_at_once(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    [created] = [one for one in webhooks.taken() if one.topic == "orders/create"]
    await webhooks.deliver(*[created] * 8)
    queued = webhooks.ports.queue.receive()
    await asyncio.gather(*(consume_one(q.body, q.attempts, webhooks.bindings()) for q in queued))
    assert len(queued) == 8
    [row] = await webhooks.rows("SELECT version FROM order_header")
    assert row["version"] == 1
    assert await webhooks.outcomes_of("orders/create") == ["written"]
    assert (await streamed(webhooks, order.gid))["order_created"] == 1


async def test_failure_16_two_states_of_the_same_second(webhooks: Webhooks) -> None:
    order = newest_order(webhooks)
    webhooks.changes.update(order.id, note="first")
    webhooks.changes.update(order.id, note="second")
    first, second = webhooks.taken()
    await webhooks.handle(second, first)
    assert await webhooks.rows(NOTE, order.gid) == [{"note": "second"}]


async def test_failure_19_what_was_not_streamed_is_streamed_by_the_next_attempt(
    webhooks: Webhooks,
) -> None:
    order = bought(webhooks)
    [created] = [one for one in webhooks.taken() if one.topic == "orders/create"]
    await webhooks.deliver(created)
    [queued] = webhooks.ports.queue.receive()
    broken = TroubledStream(webhooks.ports.commerce, accepts=False)
    outcome = await consume_one(queued.body, 1, webhooks.bindings(commerce=broken))
    assert outcome.action == "retry"
    assert await webhooks.outcomes_of("orders/create") == ["written"]
    assert await streamed(webhooks, order.gid) == {}
    assert (await consume_one(queued.body, 2, webhooks.bindings())).action == "ack"
    assert await streamed(webhooks, order.gid) == {"order_created": 1}


async def test_failure_20_and_23_what_was_never_delivered_comes_with_the_next_part(
    webhooks: Webhooks,
) -> None:
    order = bought(webhooks)
    webhooks.taken()
    webhooks.clock.advance(timedelta(hours=20))
    webhooks.changes.refund(order.id, [(order.lines[0].id, 1)])
    [refund] = [one for one in webhooks.taken() if one.topic == "refunds/create"]
    await webhooks.handle(refund)
    facts = await streamed(webhooks, order.gid)
    assert facts == {"order_created": 1, "payment_captured": 1, "payment_refunded": 1}


async def test_failure_22_a_guest_has_no_customer(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    sql = "SELECT customer_id FROM order_header WHERE shopify_gid = $1"
    assert await webhooks.rows(sql, order.gid) == [{"customer_id": None}]


class TestDeletions:
    """Failure 24: a deletion is told by its topic, never guessed; what is gone stays gone."""

    async def test_failure_24_an_orders_deletion_is_of_no_product(self, webhooks: Webhooks) -> None:
        product = next(iter(webhooks.shop.store.products))
        webhooks.changes.update_product(product, title="Kept")
        await webhooks.handle(*webhooks.taken())
        await webhooks.send("orders/delete", {"id": product})
        await webhooks.drain()
        [row] = await webhooks.rows("SELECT title, deleted_at FROM product")
        assert row == {"title": "Kept", "deleted_at": None}

    async def test_failure_24_a_deleted_order_is_not_found_again(self, webhooks: Webhooks) -> None:
        order = bought(webhooks)
        sent = webhooks.taken()
        webhooks.changes.delete(order.id)
        await webhooks.handle(*webhooks.taken())
        await webhooks.handle(*sent)
        assert webhooks.dead_letters() == []
        assert set(await webhooks.outcomes_of("order_transactions/create")) == {"gone"}
        rows = await webhooks.rows("SELECT deleted_at FROM order_header")
        assert [row["deleted_at"] is not None for row in rows] == [True]

    async def test_a_deleted_product_stays_deleted(self, webhooks: Webhooks) -> None:
        product = next(iter(webhooks.shop.store.products))
        webhooks.changes.update_product(product, title="Late")
        late = webhooks.taken()
        webhooks.changes.delete_product(product)
        await webhooks.handle(*webhooks.taken())
        await webhooks.handle(*late)
        [row] = await webhooks.rows("SELECT deleted_at IS NOT NULL AS gone FROM product")
        assert row == {"gone": True}


async def test_failure_25_a_body_that_cannot_be_read_is_buried_with_its_field(
    webhooks: Webhooks,
) -> None:
    order = bought(webhooks)
    [created] = [one for one in webhooks.taken() if one.topic == "orders/create"]
    body = json.loads(created.body)
    body["line_items"][0]["quantity"] = "many"
    assert (await webhooks.send("orders/create", body)).status_code == 200
    await webhooks.drain()
    [letter] = webhooks.dead_letters()
    assert "/line_items/0/quantity" in letter["reason"]
    assert "many" not in letter["reason"]
    assert await webhooks.rows("SELECT id FROM order_header") == []
    assert await webhooks.rows("SELECT id FROM webhook_delivery") == []
    assert order.gid


async def test_a_shop_that_is_away_is_asked_again_later(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    [paid] = [one for one in webhooks.taken() if one.topic == "order_transactions/create"]
    await webhooks.deliver(paid)
    [queued] = webhooks.ports.queue.receive()

    class Away:
        async def __aenter__(self) -> None:
            raise Unavailable("away")

        async def __aexit__(self, *_: object) -> None: ...

    outcome = await consume_one(queued.body, 1, webhooks.bindings(http=Away))
    assert (outcome.action, outcome.delay) == ("retry", timedelta(seconds=30))
    assert (await consume_one(queued.body, 2, webhooks.bindings())).action == "ack"
    assert await streamed(webhooks, order.gid) == {"order_created": 1, "payment_captured": 1}


async def test_an_edit_and_a_return_are_read_whole(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    product = list(webhooks.shop.store.products.values())[1]
    webhooks.clock.advance(timedelta(hours=1))
    webhooks.changes.edit(order.id, add=[(product.variants[0].id, 1)])
    edited = webhooks.clock.now()
    webhooks.clock.advance(timedelta(hours=1))
    webhooks.changes.ship(order.id)
    webhooks.clock.advance(timedelta(hours=1))
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 1)])
    await webhooks.handle(*reversed(webhooks.taken()))
    added = await webhooks.rows("SELECT added_at FROM order_line_item WHERE added_at IS NOT NULL")
    assert added == [{"added_at": edited}]
    facts = await streamed(webhooks, order.gid)
    assert facts["order_created"] == 2
    assert facts["fulfillment_shipped"] == 2
    assert facts["return_requested"] == 1


async def test_a_return_that_names_no_order_is_found_all_the_same(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    webhooks.changes.ship(order.id)
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 1)])
    [asked] = [one for one in webhooks.taken() if one.topic == "returns/request"]
    await webhooks.handle(asked)
    body = json.loads(asked.body)
    del body["order"], body["order_id"]
    await webhooks.send("returns/approve", body)
    await webhooks.drain()
    assert await webhooks.outcomes_of("returns/request", "returns/approve") == ["written"] * 2
    assert (await streamed(webhooks, order.gid))["return_requested"] == 1


@pytest.mark.parametrize(
    ("topic", "body", "status"),
    [
        ("app/uninstalled", {"id": 1}, "failed"),
        ("app/scopes_update", {"previous": ["read_orders", "x"], "current": ["x"]}, "failed"),
        ("app/scopes_update", {"previous": ["x"], "current": ["x", "read_orders"]}, "complete"),
    ],
)
async def test_notices_about_the_app_stand_among_the_runs(
    webhooks: Webhooks, topic: str, body: dict[str, object], status: str
) -> None:
    await webhooks.send(topic, body)
    await webhooks.drain()
    [run] = await webhooks.ports.watermarks.runs(limit=5)
    assert (run["object"], run["status"]) == (topic, status)
    assert ("reason" in run) == (status == "failed")
    assert [event["step"] for event in webhooks.ports.sync.events] == [topic]


@pytest.mark.skipif(not BODIES.exists(), reason="the documented bodies are not at hand")
class TestDocumentedBodies:
    """The bodies that Shopify documents are accepted, and make rows."""

    async def test_an_order(self, webhooks: Webhooks) -> None:
        body = json.loads((BODIES / "webhook_shape_order.json").read_text())
        assert (await webhooks.send("orders/create", body)).status_code == 200
        await webhooks.drain()
        assert webhooks.dead_letters() == []
        assert await webhooks.outcomes_of("orders/create") == ["written"]
        [row] = await webhooks.rows("SELECT shopify_gid, name FROM order_header")
        assert row == {"shopify_gid": gid("Order", body["id"]), "name": body["name"]}
        lines = await webhooks.rows("SELECT id FROM order_line_item")
        assert len(lines) == len(body["line_items"])

    async def test_a_product(self, webhooks: Webhooks) -> None:
        body = json.loads((BODIES / "webhook_shape_product.json").read_text())
        await webhooks.send("products/create", body)
        await webhooks.drain()
        [row] = await webhooks.rows("SELECT shopify_gid, title FROM product")
        assert row == {"shopify_gid": gid("Product", body["id"]), "title": body["title"]}
        assert len(await webhooks.rows("SELECT id FROM product_variant")) == len(body["variants"])

    @pytest.mark.parametrize(
        ("name", "topic"),
        [
            ("refund", "refunds/create"),
            ("transaction", "order_transactions/create"),
            ("fulfillment", "fulfillments/create"),
        ],
    )
    async def test_a_part_of_an_order(self, webhooks: Webhooks, name: str, topic: str) -> None:
        """The shop has no such order: it is asked for, and found to be gone."""
        body = json.loads((BODIES / f"webhook_shape_{name}.json").read_text())
        await webhooks.send(topic, body)
        await webhooks.drain()
        assert webhooks.dead_letters() == []
        assert await webhooks.outcomes_of(topic) == ["gone"]
