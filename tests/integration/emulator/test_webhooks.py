"""Webhooks as they arrive: signed, repeated until answered, sometimes twice or out of order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local.shopify.faults import Fault
from local.shopify.options import EmulatorOptions
from local.shopify.webhooks.delivery import retry_delays

from tests.fixtures.shopify import EmulatedShopify

SUBSCRIBE = """mutation($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri }) {
    webhookSubscription { id topic uri } userErrors { field message } } }"""


class Receiver:
    """Takes webhooks in and answers as it is told."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + 10
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        return self.received

    def topics(self) -> list[str]:
        return [headers["X-Shopify-Topic"] for headers, _ in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def shop(shopify_factory) -> EmulatedShopify:
    return shopify_factory(options=EmulatorOptions(webhook_retry_scale=0.00001))


def graphql(shop: EmulatedShopify, text: str, **variables: object) -> dict:
    body = {"query": text, "variables": variables}
    return shop.http.post(shop.graphql_url, json=body, headers=shop.headers).json()["data"]


def subscribe(shop: EmulatedShopify, receiver: Receiver, *topics: str) -> None:
    for topic in topics:
        payload = graphql(shop, SUBSCRIBE, topic=topic, uri=receiver.url)
        assert payload["webhookSubscriptionCreate"]["userErrors"] == []


def act(shop: EmulatedShopify, action: str, **arguments: object) -> dict:
    body = {"action": action, **arguments}
    reply = shop.http.post(shop.url + "/_emulator/changes", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def plain_paid_order(shop: EmulatedShopify):
    store = shop.store
    return next(
        order
        for index in range(store.count())
        if (order := store.order(index)) and order.transactions and not order.refunds
        and not order.fulfillments and not order.cancelled_at and not order.financial_override
        and order.transactions[0].status == "SUCCESS" and order.transactions[0].kind == "SALE"
        and any(line.requires_shipping for line in order.lines)
    )  # fmt: skip


class TestDelivery:
    def test_raw_bytes_are_signed_and_headers_complete(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        order = shop.store.order(2)
        act(shop, "update", order_id=order.id, note="Ünïcode / 🎁")
        ((headers, body),) = receiver.wait(1)
        digest = hmac.new(shop.webhook_secret.encode(), body, hashlib.sha256).digest()
        assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
        assert headers["X-Shopify-Topic"] == "orders/updated"
        assert headers["X-Shopify-Shop-Domain"] == "northwind-goods.myshopify.com"
        assert headers["X-Shopify-API-Version"] == "2026-10"
        assert headers["X-Shopify-Webhook-Id"]
        assert headers["X-Shopify-Event-Id"] != headers["X-Shopify-Webhook-Id"]
        assert headers["X-Shopify-Triggered-At"].endswith("Z")
        assert json.loads(body)["note"] == "Ünïcode / 🎁"

    def test_a_body_has_the_shape_of_rest(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        order = plain_paid_order(shop)
        act(shop, "update", order_id=order.id, tags=["a", "b/c"])
        body = json.loads(receiver.wait(1)[0][1])
        assert body["id"] == order.id
        assert body["admin_graphql_api_id"] == order.gid
        assert body["financial_status"] == "paid"
        assert body["fulfillment_status"] is None
        assert body["tags"] == "a, b/c"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00", body["created_at"])
        assert re.fullmatch(r"\d+\.\d\d", body["total_price"])
        assert body["total_price_set"]["shop_money"]["amount"] == body["total_price"]
        assert [line["id"] for line in body["line_items"]] == [line.id for line in order.lines]
        assert isinstance(body["line_items"][0]["price"], str)

    def test_a_failed_delivery_is_repeated_byte_for_byte(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        receiver.answers = [500, 404]
        act(shop, "update", order_id=shop.store.order(2).id, note="x")
        received = receiver.wait(3)
        assert len(received) == 3
        assert len({body for _, body in received}) == 1
        assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in received}) == 1
        (logged,) = shop.http.get(shop.url + "/_emulator/webhooks").json()["deliveries"]
        assert (logged["statuses"], logged["is_delivered"]) == ([500, 404, 200], True)

    def test_after_eight_failed_retries_the_subscription_is_deleted(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        receiver.answers = [500] * 20
        act(shop, "update", order_id=shop.store.order(2).id, note="x")
        assert len(receiver.wait(9)) == 9
        left = graphql(shop, "{ webhookSubscriptions(first: 5) { nodes { id } } }")
        assert left["webhookSubscriptions"]["nodes"] == []

    def test_retries_span_four_hours_and_double(self):
        delays = retry_delays(8, 1.0)
        assert len(delays) == 8
        assert sum(delays) == pytest.approx(4 * 3600)
        assert delays[1] == pytest.approx(2 * delays[0])

    def test_a_delivery_can_arrive_twice_with_one_id(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        shop.faults.inject(Fault.WEBHOOK_DUPLICATED)
        act(shop, "update", order_id=shop.store.order(2).id, note="x")
        received = receiver.wait(2)
        assert len(received) == 2
        assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in received}) == 1

    def test_a_signature_can_be_wrong(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_UPDATED")
        shop.faults.inject(Fault.WEBHOOK_BAD_SIGNATURE)
        act(shop, "update", order_id=shop.store.order(2).id, note="x")
        ((headers, body),) = receiver.wait(1)
        digest = hmac.new(shop.webhook_secret.encode(), body, hashlib.sha256).digest()
        assert headers["X-Shopify-Hmac-Sha256"] != base64.b64encode(digest).decode()

    def test_deliveries_can_be_shuffled(self, shopify_factory, receiver):
        shop = shopify_factory(options=EmulatorOptions(webhook_shuffle_seed=5))
        subscribe(shop, receiver, "ORDERS_UPDATED")
        for number in range(12):
            shop.emulator.api.changes.update(shop.store.order(2).id, note=str(number))
        notes = [json.loads(body)["note"] for _, body in receiver.wait(12)]
        assert sorted(notes, key=int) == [str(number) for number in range(12)]
        assert notes != sorted(notes, key=int)


class TestTopics:
    ALL = (
        "ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_PAID", "ORDERS_CANCELLED", "ORDERS_EDITED",
        "ORDERS_DELETE", "ORDERS_FULFILLED", "ORDER_TRANSACTIONS_CREATE", "REFUNDS_CREATE",
        "FULFILLMENTS_CREATE", "RETURNS_REQUEST", "RETURNS_CLOSE", "PRODUCTS_UPDATE",
        "PRODUCTS_DELETE", "BULK_OPERATIONS_FINISH",
    )  # fmt: skip

    def test_one_life_of_an_order(self, shop, receiver):
        subscribe(shop, receiver, *self.ALL)
        variant = next(
            v for p in shop.store.products.values() for v in p.variants if v.requires_shipping
        )
        made = act(shop, "add_order", lines=[[variant.id, 3]], email="a@x.example")["order"]
        line = made["lines"][0]["id"]
        act(shop, "edit", order_id=made["id"], remove=[[line, 1]])
        act(shop, "ship", order_id=made["id"])
        act(shop, "request_return", order_id=made["id"], units=[[line, 1]])
        order = act(shop, "close_return", order_id=made["id"])["order"]
        assert order["lines"][0] | {"id": 0} == order["lines"][0] | {
            "id": 0, "quantity": 3, "removed": 1, "refunded": 1,
        }  # fmt: skip
        assert order["refunded"] == variant.price
        receiver.wait(13)
        topics = receiver.topics()
        assert set(topics) == {
            "orders/create", "orders/paid", "order_transactions/create", "orders/edited",
            "orders/updated", "fulfillments/create", "orders/fulfilled", "returns/request",
            "returns/close", "refunds/create",
        }  # fmt: skip
        refund = next(
            json.loads(body)
            for headers, body in receiver.received
            if headers["X-Shopify-Topic"] == "refunds/create"
        )
        (back,) = refund["refund_line_items"]
        assert (back["line_item_id"], back["quantity"]) == (line, 1)
        assert refund["transactions"][0]["kind"] == "refund"
        assert back["subtotal"] == variant.price / 100

    def test_messages_of_one_action_share_their_event(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_CANCELLED", "REFUNDS_CREATE", "ORDER_TRANSACTIONS_CREATE")
        order = plain_paid_order(shop)
        act(shop, "cancel", order_id=order.id)
        received = receiver.wait(3)
        assert len({headers["X-Shopify-Event-Id"] for headers, _ in received}) == 1
        assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in received}) == len(received)
        assert shop.store.order(order.index).lines[0].current == 0

    def test_deletions_carry_only_the_id(self, shop, receiver):
        subscribe(shop, receiver, "ORDERS_DELETE", "PRODUCTS_DELETE")
        order = shop.store.order(2)
        product = order.lines[0].product_id
        act(shop, "delete_product", product_id=product)
        receiver.wait(1)
        assert all(line.product_id != product for line in shop.store.order(2).lines)
        act(shop, "delete", order_id=order.id)
        assert [json.loads(body) for _, body in receiver.wait(2)] == [
            {"id": product}, {"id": order.id},
        ]  # fmt: skip

    def test_a_new_product_is_told_and_can_be_sold(self, shop, receiver):
        subscribe(shop, receiver, "PRODUCTS_CREATE")
        made = act(shop, "add_product", title="Neu / 🎁", price_minor=1250, sku="N-1")["product"]
        body = json.loads(receiver.wait(1)[0][1])
        assert (body["title"], body["variants"][0]["price"]) == ("Neu / 🎁", "12.50")
        order = act(shop, "add_order", lines=[[made["variants"][0]["id"], 2]])["order"]
        assert order["received"] == 2500

    def test_a_finished_bulk_operation_is_told_in_lower_case(self, shop, receiver):
        subscribe(shop, receiver, "BULK_OPERATIONS_FINISH")
        run = """mutation { bulkOperationRunQuery(query: "{ orders { edges { node { id } } } }") {
            bulkOperation { id } } }"""
        started = graphql(shop, run)["bulkOperationRunQuery"]["bulkOperation"]["id"]
        body = json.loads(receiver.wait(1)[0][1])
        assert body["admin_graphql_api_id"] == started
        assert (body["status"], body["type"], body["error_code"]) == ("completed", "query", None)

    def test_compliance_topics_are_sent_to_an_address(self, shop, receiver):
        body = {"topic": "customers/redact", "uri": receiver.url, "body": {"shop_id": 1}}
        reply = shop.http.post(shop.url + "/_emulator/webhooks", json=body)
        ((headers, _),) = receiver.wait(1)
        assert headers["X-Shopify-Webhook-Id"] == reply.json()["webhook_id"]


class TestSubscriptions:
    def test_they_are_made_listed_changed_and_deleted(self, shop):
        made = graphql(shop, SUBSCRIBE, topic="ORDERS_CREATE", uri="https://a.example/hooks")
        identity = made["webhookSubscriptionCreate"]["webhookSubscription"]["id"]
        twice = graphql(shop, SUBSCRIBE, topic="ORDERS_CREATE", uri="https://a.example/hooks")
        text = twice["webhookSubscriptionCreate"]["userErrors"][0]["message"]
        assert text == "Address for this topic has already been taken"
        update = """mutation($id: ID!) { webhookSubscriptionUpdate(id: $id,
            webhookSubscription: { uri: "https://b.example/hooks" }) {
            webhookSubscription { uri } userErrors { message } } }"""
        graphql(shop, update, id=identity)
        listed = graphql(shop, "{ webhookSubscriptions(first: 5) { nodes { id topic uri } } }")
        assert listed["webhookSubscriptions"]["nodes"] == [
            {"id": identity, "topic": "ORDERS_CREATE", "uri": "https://b.example/hooks"}
        ]
        delete = """mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
            deletedWebhookSubscriptionId userErrors { message } } }"""
        gone = graphql(shop, delete, id=identity)["webhookSubscriptionDelete"]
        assert gone["deletedWebhookSubscriptionId"] == identity
        again = graphql(shop, delete, id=identity)["webhookSubscriptionDelete"]
        assert again["userErrors"]


class TestControls:
    def test_time_can_be_set_and_moved(self, shop):
        url = shop.url + "/_emulator/clock"
        assert shop.http.post(url, json={"at": "2026-12-01T00:00:00Z"}).json() == {
            "now": "2026-12-01T00:00:00Z"
        }
        assert shop.http.post(url, json={"advance_seconds": 90}).json() == {
            "now": "2026-12-01T00:01:30Z"
        }
        act(shop, "update", order_id=shop.store.order(2).id, note="later")
        assert shop.store.order(2).updated_at == 1_796_083_290

    def test_faults_are_set_and_counted(self, shop):
        url = shop.url + "/_emulator/faults"
        shop.http.post(url, json={"inject": {"http_503": 1}})
        assert shop.http.post(shop.graphql_url, json={}, headers=shop.headers).status_code == 503
        assert shop.http.post(url, json={}).json() == {"taken": {"http_503": 1}}
        assert shop.http.post(url, json={"inject": {"nonsense": 1}}).status_code == 400

    def test_a_token_can_be_revoked(self, shop):
        shop.http.post(shop.url + "/_emulator/tokens", json={"revoke": shop.token})
        assert shop.http.post(shop.graphql_url, json={}, headers=shop.headers).status_code == 401

    def test_what_does_not_exist_is_said(self, shop):
        url = shop.url + "/_emulator/changes"
        assert shop.http.post(url, json={"action": "cancel", "order_id": 1}).status_code == 404
        assert shop.http.post(url, json={"action": "explode"}).status_code == 400

    def test_the_state_counts(self, shop):
        state = shop.http.get(shop.url + "/_emulator/state").json()
        assert state["orders"] == 100
        assert state["products"] == len(shop.store.products)
        lines = shop.http.get(shop.url + "/_emulator/products").content.splitlines()
        assert len(lines) == state["products"]

    def test_a_shop_can_be_served_without_controls(self, shopify_factory):
        bare = shopify_factory(options=EmulatorOptions(is_controllable=False))
        assert bare.http.get(bare.url + "/_emulator/state").status_code == 404
