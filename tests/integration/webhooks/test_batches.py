"""A batch of deliveries: one write and at most one read of each order, and each failure alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
from local.shopify.webhooks.delivery import Delivery

from shared.errors import InvalidInput, Unavailable
from shared.ids import derived_id
from shared.ports import JsonObject
from tests.fixtures.ingest import CollectedStream
from tests.fixtures.webhooks import Webhooks

VERSION = "SELECT version FROM order_header WHERE shopify_gid = $1"


def bought(webhooks: Webhooks, number: int = 0):
    """Place an order of a new article; return it."""
    product = list(webhooks.shop.store.products.values())[number]
    return webhooks.changes.add_order([(product.variants[0].id, 2)])


class CountedHttp:
    """Opens clients whose requests are counted."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=20, trust_env=False, event_hooks={"request": [self.note]})

    async def note(self, _: httpx.Request) -> None:
        self.count += 1


class Picky:
    """A stream that fails whatever holds events of some order."""

    def __init__(self, stream: CollectedStream, order_id: str, error: Exception) -> None:
        self.stream, self.order_id, self.error = stream, order_id, error
        self.batches: list[int] = []

    async def send(self, events: Sequence[JsonObject], /) -> None:
        self.batches.append(len(events))
        if any(event["order_id"] == self.order_id for event in events):
            raise self.error
        await self.stream.send(events)


def facts_of(webhooks: Webhooks, order: Any) -> set[str]:
    events = webhooks.ports.commerce.newest().values()
    return {e["event_type"] for e in events if e["order_id"] == derived_id("ord", order.gid)}


async def test_the_deliveries_of_a_purchase_need_one_write_and_one_read(
    webhooks: Webhooks,
) -> None:
    order = bought(webhooks)
    sent = webhooks.taken()
    assert len(sent) >= 3
    http = CountedHttp()
    await webhooks.deliver(*reversed(sent))
    outcomes = await webhooks.drain(http=http)
    assert {outcome.action for outcome in outcomes} == {"ack"}
    assert http.count == 1  # the body of orders/create holds no payment
    assert facts_of(webhooks, order) == {"order_created", "payment_captured"}
    assert await webhooks.outcomes_of("orders/create") == ["written"]
    rows = await webhooks.rows("SELECT count(*) AS noted FROM webhook_delivery")
    assert rows == [{"noted": len(sent)}]


async def test_what_the_newest_body_holds_is_not_read_for_its_parts(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    webhooks.clock.advance(timedelta(hours=1))
    webhooks.changes.refund(order.id, [(order.lines[0].id, 1)])
    webhooks.changes.ship(order.id)
    sent = webhooks.taken()
    of_orders = [one for one in sent if one.topic in {"orders/updated", "orders/fulfilled"}]
    parts = [one for one in sent if one.topic in {"refunds/create", "fulfillments/create"}]
    assert len(parts) == 2
    newest = of_orders[-1]
    [version] = await webhooks.rows(VERSION, order.gid)
    http = CountedHttp()
    await webhooks.deliver(*parts, newest)
    await webhooks.drain(http=http)
    assert http.count == 0
    assert await webhooks.rows(VERSION, order.gid) == [{"version": version["version"] + 1}]
    assert await webhooks.outcomes_of("refunds/create", "fulfillments/create") == ["known"] * 2
    assert facts_of(webhooks, order) >= {"payment_refunded", "fulfillment_shipped"}


async def test_what_is_not_in_a_body_is_read_once_for_all(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    await webhooks.handle(*webhooks.taken())
    variant = list(webhooks.shop.store.products.values())[1].variants[0]
    webhooks.clock.advance(timedelta(hours=1))
    webhooks.changes.ship(order.id)
    webhooks.changes.edit(order.id, add=[(variant.id, 1)])
    webhooks.changes.request_return(order.id, [(order.lines[0].id, 1)])
    [version] = await webhooks.rows(VERSION, order.gid)
    http = CountedHttp()
    await webhooks.deliver(*webhooks.taken())
    await webhooks.drain(http=http)
    assert http.count <= 2  # an edited order has agreements, which are a second request
    assert await webhooks.rows(VERSION, order.gid) == [{"version": version["version"] + 1}]
    assert facts_of(webhooks, order) >= {"return_requested", "fulfillment_shipped"}


async def test_copies_in_one_batch_are_one(webhooks: Webhooks) -> None:
    order = bought(webhooks)
    [created] = [one for one in webhooks.taken() if one.topic == "orders/create"]
    await webhooks.handle(*[created] * 7)
    assert await webhooks.rows(VERSION, order.gid) == [{"version": 1}]
    assert len(webhooks.outcomes) == 7
    assert {outcome.action for outcome in webhooks.outcomes} == {"ack"}


async def test_a_body_that_cannot_be_read_is_buried_alone(webhooks: Webhooks) -> None:
    order, other = bought(webhooks), bought(webhooks, 1)
    sent = [one for one in webhooks.taken() if one.topic == "orders/create"]
    body = json.loads(sent[0].body)
    body["line_items"][0]["quantity"] = "many"
    await webhooks.send("orders/create", body)
    await webhooks.send("no_such/topic", {"id": 1})  # refused at the door
    await webhooks.deliver(sent[1])
    await webhooks.drain()
    assert len(webhooks.dead_letters()) == 1
    assert await webhooks.rows(VERSION, order.gid) == []
    assert await webhooks.rows(VERSION, other.gid) == [{"version": 1}]
    assert facts_of(webhooks, other) == {"order_created"}


async def both_created(webhooks: Webhooks) -> tuple[Any, Any, list[Delivery]]:
    order, other = bought(webhooks), bought(webhooks, 1)
    return order, other, [one for one in webhooks.taken() if one.topic == "orders/create"]


async def test_events_that_are_refused_for_good_bury_their_own_delivery_only(
    webhooks: Webhooks,
) -> None:
    order, other, sent = await both_created(webhooks)
    spoilt = derived_id("ord", order.gid)
    stream = Picky(webhooks.ports.commerce, spoilt, InvalidInput("does not fit"))
    await webhooks.deliver(*sent)
    await webhooks.drain(commerce=stream)
    [letter] = webhooks.dead_letters()
    assert letter["reason"] == "InvalidInput: does not fit"
    assert facts_of(webhooks, other) == {"order_created"}
    assert stream.batches[0] == 2  # both at once, then each for itself


async def test_a_stream_that_is_away_is_tried_again_for_all(webhooks: Webhooks) -> None:
    order, other, sent = await both_created(webhooks)
    away = Picky(webhooks.ports.commerce, derived_id("ord", order.gid), Unavailable("away"))
    await webhooks.deliver(*sent)
    received = webhooks.ports.queue.receive()
    outcomes = await webhooks.consume(received, commerce=away)
    assert {outcome.action for outcome in outcomes} == {"retry"}
    assert await webhooks.rows(VERSION, other.gid) == [{"version": 1}]
    webhooks.clock.advance(timedelta(hours=1))
    await webhooks.drain()
    assert facts_of(webhooks, order) == facts_of(webhooks, other) == {"order_created"}
    assert await webhooks.rows(VERSION, order.gid) == [{"version": 1}]
