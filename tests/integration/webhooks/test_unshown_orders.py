"""What Shopify tells of orders that it does not show is written, or kept until it can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from local.shopify.options import ALL_SCOPES, EmulatorOptions
from local.shopify.orders import Order
from local.shopify.webhooks.delivery import Delivery

from shared.ids import derived_id
from tests.fixtures.ingest import consume_one
from tests.fixtures.webhooks import Webhooks, WebhooksFactory

SHORT_SIGHTED = EmulatorOptions(
    throttle_maximum=1e9,
    throttle_restore_rate=1e9,
    scopes=tuple(scope for scope in (*ALL_SCOPES, "read_inventory") if scope != "read_all_orders"),
)
REFUNDS = (
    "SELECT count(*) AS refunds FROM order_refund AS r JOIN order_header AS h"
    " ON h.id = r.order_id WHERE h.shopify_gid = $1"
)


@pytest.fixture
async def hidden(webhooks_factory: WebhooksFactory) -> Webhooks:
    """An ingest whose token lacks read_all_orders."""
    made: Webhooks = await webhooks_factory(options=SHORT_SIGHTED)
    return made


def bought(webhooks: Webhooks) -> Order:
    product = next(iter(webhooks.shop.store.products.values()))
    return webhooks.changes.add_order([(product.variants[0].id, 2)])


async def known_order(webhooks: Webhooks) -> Order:
    """Return an order that is kept and that Shopify shows no longer."""
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    webhooks.clock.advance(timedelta(days=70))
    return order


def refunded(webhooks: Webhooks, order: Order) -> list[Delivery]:
    """Refund a line; return what the shop tells of it."""
    webhooks.changes.refund(order.id, [(order.lines[0].id, 1)])
    return webhooks.taken()


def of_topic(deliveries: Sequence[Delivery], *topics: str) -> list[Delivery]:
    return [one for one in deliveries if one.topic in topics]


async def refunds(webhooks: Webhooks, order: Order) -> int:
    [row] = await webhooks.rows(REFUNDS, order.gid)
    number: int = row["refunds"]
    return number


def events(webhooks: Webhooks, order: Order) -> set[Any]:
    found = webhooks.ports.commerce.newest().values()
    return {e["event_type"] for e in found if e["order_id"] == derived_id("ord", order.gid)}


async def test_a_part_of_a_hidden_order_is_kept_as_a_dead_letter(hidden: Webhooks) -> None:
    order = await known_order(hidden)
    [refund] = of_topic(refunded(hidden, order), "refunds/create")
    await hidden.handle(refund)
    [letter] = hidden.dead_letters()
    assert letter["reason"].startswith("OrderNotShown: ")
    assert letter["message"]["topic"] == "refunds/create"
    assert await hidden.outcomes_of("refunds/create") == []


async def test_a_part_that_waits_is_known_once_the_order_was_told(hidden: Webhooks) -> None:
    order = await known_order(hidden)
    told = refunded(hidden, order)
    [refund] = of_topic(told, "refunds/create")
    await hidden.deliver(refund)
    [queued] = hidden.ports.queue.receive()
    first = await consume_one(queued.body, 1, hidden.bindings())
    assert (first.action, first.delay) == ("retry", timedelta(seconds=30))
    await hidden.handle(*of_topic(told, "orders/updated"))
    assert (await consume_one(queued.body, 2, hidden.bindings())).action == "ack"
    assert await hidden.outcomes_of("refunds/create") == ["known"]
    assert hidden.dead_letters() == []
    assert await refunds(hidden, order) == 1


async def test_a_hidden_order_that_is_not_known_is_written_from_its_body(
    hidden: Webhooks,
) -> None:
    order = bought(hidden)
    hidden.taken()
    hidden.clock.advance(timedelta(days=70))
    await hidden.handle(*refunded(hidden, order))
    assert hidden.dead_letters() == []
    assert await hidden.outcomes_of("orders/updated") == ["written"]
    assert await refunds(hidden, order) == 1
    assert {"order_created", "payment_refunded"} <= events(hidden, order)


async def test_two_states_of_a_second_of_a_hidden_order(hidden: Webhooks) -> None:
    order = await known_order(hidden)
    hidden.changes.update(order.id, note="first")
    hidden.changes.update(order.id, note="second")
    first, second = hidden.taken()
    await hidden.handle(first)
    await hidden.handle(second)
    [row] = await hidden.rows("SELECT note FROM order_header WHERE shopify_gid = $1", order.gid)
    assert row == {"note": "second"}
    assert await hidden.outcomes_of("orders/updated") == ["written", "written"]


async def test_of_bodies_that_come_together_the_newest_is_written(hidden: Webhooks) -> None:
    order = bought(hidden)
    hidden.taken()
    hidden.clock.advance(timedelta(days=70))
    for note in ("old", "older", "new"):
        hidden.clock.advance(timedelta(seconds=-5 if note == "older" else 10))
        hidden.changes.update(order.id, note=note)
    await hidden.handle(*reversed(hidden.taken()))
    [row] = await hidden.rows("SELECT note FROM order_header WHERE shopify_gid = $1", order.gid)
    assert row == {"note": "new"}
    outcomes = await hidden.outcomes_of("orders/updated")
    assert sorted(outcomes) == ["outdated", "outdated", "written"]


async def test_what_comes_after_a_deletion_is_dropped(hidden: Webhooks) -> None:
    order = await known_order(hidden)
    told = refunded(hidden, order)
    hidden.changes.delete(order.id)
    await hidden.handle(*hidden.taken())
    await hidden.handle(*of_topic(told, "refunds/create"))
    assert hidden.dead_letters() == []
    assert await hidden.outcomes_of("refunds/create") == ["gone"]


async def test_a_daily_run_says_that_it_does_not_see_old_orders_change(hidden: Webhooks) -> None:
    order = await known_order(hidden)
    await hidden.sync.run("orders", "run_1")
    hidden.clock.advance(timedelta(days=1))
    refunded(hidden, order)
    hidden.clock.advance(timedelta(hours=1))
    assert (await hidden.sync.run("orders", "run_2")).state == "complete"
    [note] = (await hidden.sync.summary("run_2"))["notes"]
    assert "read_all_orders" in note
    assert await refunds(hidden, order) == 0
