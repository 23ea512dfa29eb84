"""Webhooks on the edge: taken by `fetch`, queued by Cloudflare, written by the consumer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from local.shopify.rest.orders import order_body
from local.shopify.rest.products import product_body

from shared.ids import derived_id
from shared.webhooks.topics import subscribable
from tests.fixtures.edge import Surroundings
from tests.fixtures.webhooks import signed
from tests.wasm.edge_worker import Answer, EdgeWorker
from tests.wasm.test_background_workflows import ended
from tests.wasm.test_workers import until

URL = "https://ingest/webhooks/shopify"
SIX = 1_795_240_800_000


@pytest.fixture
def deliver(ingest_edge: EdgeWorker, surroundings: Surroundings) -> Callable[..., Answer]:
    """Sign and deliver a body."""

    def send(topic: str, body: dict[str, Any], **options: str) -> Answer:
        shop = surroundings.variables["SHOP_DOMAIN"]
        secret = surroundings.shopify.webhook_secret
        raw, headers = signed(body, topic, shop=shop, **{"secret": secret, **options})
        return ingest_edge.fetch(URL, method="POST", headers=headers, body=raw.decode())

    return send


def test_an_order_is_streamed_from_its_delivery(
    deliver: Callable[..., Answer], surroundings: Surroundings
) -> None:
    store = surroundings.shopify.store
    order = next(o for i in range(60) if (o := store.order(i)) and o.cancelled_at is None)
    body = order_body(order, store)
    answer = deliver("orders/updated", body)
    assert (answer.status, answer.body) == (200, "")

    def created() -> Any:
        wanted = derived_id("ord", order.gid)
        return [
            event
            for event in surroundings.events["commerce"]
            if event["order_id"] == wanted and event["event_type"] == "order_created"
        ]

    assert len(until(created)) >= len(order.lines)


def test_a_large_body_waits_in_the_bucket(
    deliver: Callable[..., Answer], surroundings: Surroundings, ports: Callable[..., Any]
) -> None:
    store = surroundings.shopify.store
    product = next(iter(store.products.values()))
    body = {**product_body(product, store), "body_html": "x" * 100_000}
    assert deliver("products/update", body).status == 200
    page = ports("objects.list", prefix="inbox/")
    assert len(page["objects"]) >= 1


@pytest.mark.parametrize(
    ("topic", "options", "status"),
    [
        ("orders/create", {"secret": "another"}, 401),
        ("orders/create", {"X_Shopify_Shop_Domain": "foreign.myshopify.com"}, 401),
        ("carts/update", {}, 404),
        ("orders/create", {"X_Shopify_Webhook_Id": ""}, 400),
    ],
)
def test_what_is_wrong_has_its_answer(
    deliver: Callable[..., Answer], topic: str, options: dict[str, str], status: int
) -> None:
    answer = deliver(topic, {"id": 1}, **options)
    assert answer.status == status, answer.body
    assert json.loads(answer.body)["status"] == status


def test_a_queue_that_is_away_is_500(
    deliver: Callable[..., Answer], ingest_edge: EdgeWorker
) -> None:
    with ingest_edge.without("INGEST_QUEUE"):
        assert deliver("orders/create", {"id": 1}).status in {500, 503}


async def test_the_consumer_deals_with_a_delivery_once(
    ingest_edge: EdgeWorker, surroundings: Surroundings, edge_database_url: str
) -> None:
    store = surroundings.shopify.store
    product = list(store.products.values())[1]
    job = {
        "job_type": "SHOPIFY_WEBHOOK",
        "run_id": "whd_edge",
        "shop": surroundings.variables["SHOP_DOMAIN"],
        "topic": "products/create",
        "webhook_id": "edge",
        "body": product_body(product, store),
    }
    for number in range(2):
        message = {"id": f"w{number}", "timestamp": SIX, "body": job, "attempts": 1}
        verdicts = await asyncio.to_thread(
            ingest_edge.ask, "consume", queue="ingest-queue-dev", messages=[message]
        )
        assert verdicts == {f"w{number}": "ack"}
    connection = await asyncpg.connect(edge_database_url)
    rows = await connection.fetch("SELECT id, outcome FROM webhook_delivery WHERE id = 'whd_edge'")
    await connection.close()
    assert [tuple(row) for row in rows] == [("whd_edge", "written")]


def test_what_is_kept_of_a_customer_is_exported(
    deliver: Callable[..., Answer], surroundings: Surroundings, ports: Callable[..., Any]
) -> None:
    store = surroundings.shopify.store
    orders = [found for index in range(60) if (found := store.order(index)) and found.customer]
    order = orders[0]
    body = {
        "shop_domain": surroundings.variables["SHOP_DOMAIN"],
        "orders_requested": [order.id],
        "customer": {"id": order.customer.id, "email": order.email},
        "data_request": {"id": 77},
    }
    webhook_id = {"X_Shopify_Webhook_Id": "edge-data-request"}
    for _ in range(2):  # delivered twice, done once
        assert deliver("customers/data_request", body, **webhook_id).status == 200
    name = derived_id(
        "whd", surroundings.variables["SHOP_DOMAIN"], "customers/data_request", "edge-data-request"
    )
    status = ended(ports, "shopify-compliance", name)
    assert status["state"] == "complete", status
    (found,) = ports("objects.list", prefix="exports/compliance/")["objects"]
    assert found["size"] > 0


def test_subscriptions_are_mended(surroundings: Surroundings, ports: Callable[..., Any]) -> None:
    ports("queue.send", {"job_type": "SHOPIFY_WEBHOOK_AUDIT", "run_id": "edge-audit"})
    status = ended(ports, "webhook-audit", "edge-audit")
    assert status["state"] == "complete", status
    kept = surroundings.shopify.emulator.api.webhooks.subscriptions
    address = surroundings.variables["INGEST_URL"] + "/webhooks/shopify"
    for topic in subscribable(surroundings.shopify.emulator.api.scopes()):
        assert address in {one.uri for one in kept.matching(topic.path)}, topic
