"""Goods that come back: the sale stays where it was, by webhook and by bulk, in any order."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from local.shopify.catalogue import Variant
from local.shopify.orders import Order
from local.shopify.webhooks.delivery import Delivery

from shared.clock import parse_instant
from shared.ids import derived_id
from tests.fixtures.webhooks import Webhooks

DAY = timedelta(days=1)
Fact = tuple[str, datetime, int, int]
ORDERS_OF_ARRIVAL = list(permutations(range(4)))


def physical(webhooks: Webhooks) -> Variant:
    """Return a variant that is shipped."""
    products = webhooks.shop.store.products.values()
    return next(v for p in products for v in p.variants if v.requires_shipping)


async def bought_and_shipped(webhooks: Webhooks) -> Order:
    """Sell two units and ship them; what the shop sends of it is dealt with."""
    order: Order = webhooks.changes.add_order([(physical(webhooks).id, 2)])
    webhooks.clock.advance(DAY)
    webhooks.changes.ship(order.id)
    await webhooks.handle(*webhooks.taken())
    return order


def facts(webhooks: Webhooks, order: Order, *types: str) -> list[Fact]:
    """Return the newest copies of an order's events: type, instant, units, money."""
    return sorted(
        (
            event["event_type"],
            parse_instant(event["occurred_at"]),
            event["quantity"],
            event["amount_minor"],
        )
        for event in webhooks.ports.commerce.newest().values()
        if event["order_id"] == derived_id("ord", order.gid) and event["event_type"] in types
    )


def sold(webhooks: Webhooks, order: Order) -> Fact:
    """Return the order's one sale."""
    [fact] = facts(webhooks, order, "order_created")
    return fact


async def synced(webhooks: Webhooks, run_id: str) -> None:
    """Run the bulk sync; what the shop has sent until now never arrives."""
    webhooks.taken()
    webhooks.clock.advance(timedelta(minutes=5))
    status = await webhooks.sync.run("orders", run_id)
    assert status.state == "complete", status.error


async def test_an_open_return_leaves_the_sale_and_its_refund_is_one_fact(
    webhooks: Webhooks,
) -> None:
    order = await bought_and_shipped(webhooks)
    before = sold(webhooks, order)
    webhooks.clock.advance(9 * DAY)
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 2)])
    await webhooks.handle(*webhooks.taken())
    webhooks.clock.advance(DAY)
    webhooks.changes.approve_return(order.id)
    await webhooks.handle(*webhooks.taken())
    lines = await webhooks.rows("SELECT current_quantity FROM order_line_item")
    assert lines == [{"current_quantity": 0}]
    assert sold(webhooks, order) == before
    webhooks.clock.advance(DAY)
    webhooks.changes.update(order.id, note="on its way")
    await webhooks.handle(*webhooks.taken())
    assert sold(webhooks, order) == before
    webhooks.clock.advance(DAY)
    webhooks.changes.close_return(order.id)
    at = webhooks.clock.now()
    told = webhooks.taken()
    await webhooks.handle(*told, *told)
    assert sold(webhooks, order) == before
    _, _, units, amount = before
    wanted = [("payment_refunded", at, -units, -amount)]
    assert facts(webhooks, order, "payment_refunded") == wanted
    webhooks.changes.update(order.id, note="back")
    await synced(webhooks, "run_1")
    assert sold(webhooks, order) == before
    assert facts(webhooks, order, "payment_refunded") == wanted


async def test_the_same_by_bulk_alone(webhooks: Webhooks) -> None:
    order: Order = webhooks.changes.add_order([(physical(webhooks).id, 2)])
    placed = webhooks.clock.now()
    webhooks.clock.advance(DAY)
    webhooks.changes.ship(order.id)
    webhooks.clock.advance(DAY)
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 1)])
    webhooks.changes.approve_return(order.id)
    await synced(webhooks, "run_1")
    before = sold(webhooks, order)
    assert before[1:3] == (placed, 2)
    assert facts(webhooks, order, "payment_refunded") == []
    [shipped] = facts(webhooks, order, "fulfillment_shipped")
    assert shipped[2] == 2
    webhooks.clock.advance(DAY)
    webhooks.changes.close_return(order.id)
    for run_id in ("run_2", "run_3"):
        webhooks.changes.update(order.id, note=run_id)
        await synced(webhooks, run_id)
        assert sold(webhooks, order) == before
        [refunded] = facts(webhooks, order, "payment_refunded")
        assert refunded[2:] == (-1, -before[3] // 2)


@pytest.mark.parametrize("arrival", ORDERS_OF_ARRIVAL[::5])
async def test_the_order_of_arrival_changes_nothing(
    webhooks: Webhooks, arrival: tuple[int, ...]
) -> None:
    """The order's bodies and those of its return come one by one, each dealt with alone."""
    order = await bought_and_shipped(webhooks)
    before = sold(webhooks, order)
    webhooks.clock.advance(DAY)
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 2)])
    told: list[Delivery] = webhooks.taken()
    webhooks.clock.advance(DAY)
    webhooks.changes.approve_return(order.id)
    told += webhooks.taken()
    webhooks.clock.advance(DAY)
    webhooks.changes.update(order.id, note="on its way")
    told += webhooks.taken()
    for number in arrival:
        await webhooks.handle(told[number])
    assert sold(webhooks, order) == before
    assert len(facts(webhooks, order, "return_requested")) == 1


@pytest.mark.parametrize("is_bulk", [True, False])
async def test_what_is_sent_in_exchange_is_sold_on_the_day_of_the_exchange(
    webhooks: Webhooks, is_bulk: bool
) -> None:
    order = await bought_and_shipped(webhooks)
    before = sold(webhooks, order)
    webhooks.clock.advance(9 * DAY)
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 1)])
    webhooks.changes.approve_return(order.id)
    webhooks.clock.advance(DAY)
    webhooks.changes.exchange(order.id, [(physical(webhooks).id, 1)])
    at = webhooks.clock.now()
    if is_bulk:
        await synced(webhooks, "run_1")
    else:
        await webhooks.handle(*reversed(webhooks.taken()))
    wanted = [before, ("order_created", at, 1, before[3] // 2)]
    assert facts(webhooks, order, "order_created") == wanted
    webhooks.clock.advance(DAY)
    webhooks.changes.close_return(order.id)
    await webhooks.handle(*webhooks.taken())
    assert facts(webhooks, order, "order_created") == wanted
    [refunded] = facts(webhooks, order, "payment_refunded")
    assert refunded[2:] == (-1, -before[3] // 2)


async def test_a_gift_card_ships_alone_and_the_goods_later(webhooks: Webhooks) -> None:
    goods = physical(webhooks)
    card = webhooks.changes.add_product("Gift card").variants[0]
    card.requires_shipping = False
    order: Order = webhooks.changes.add_order([(goods.id, 1), (card.id, 1)])
    of_goods, of_card = (derived_id("oln", line.gid) for line in order.lines)
    webhooks.clock.advance(timedelta(minutes=1))
    webhooks.changes.ship(order.id, [(order.lines[1].id, 1)])
    await synced(webhooks, "run_1")
    assert await shipped_lines(webhooks) == [of_card]
    webhooks.clock.advance(DAY)
    webhooks.changes.ship(order.id)
    await synced(webhooks, "run_2")
    assert await shipped_lines(webhooks) == sorted([of_card, of_goods])
    assert len(facts(webhooks, order, "fulfillment_shipped")) == 2


async def shipped_lines(webhooks: Webhooks) -> list[Any]:
    """Return the lines that are shipped of the newest order."""
    rows = await webhooks.rows(
        "SELECT order_line_id FROM fulfillment_line WHERE order_id ="
        " (SELECT id FROM order_header ORDER BY created_at DESC LIMIT 1) ORDER BY order_line_id"
    )
    return [row["order_line_id"] for row in rows]
