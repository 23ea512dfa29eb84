"""Commissions on the edge: an order's delivery is settled, staff pays, the publisher reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from local.shopify.orders import Order, Transaction
from local.shopify.rest import parts
from local.shopify.rest.orders import order_body

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.commissions.audit_repository import LedgerAudit
from shared.engagement.clicks import Click, sign
from shared.identity.access import HEADER
from shared.ids import derived_id
from tests.fixtures.commissions import Books, Partner
from tests.fixtures.edge import CLICK_KEY, Surroundings
from tests.fixtures.webhooks import signed
from tests.wasm.edge_worker import Answer, EdgeWorker
from tests.wasm.test_workers import until


@pytest_asyncio.fixture(loop_scope="session")
async def books(edge_database_url: str) -> AsyncIterator[Books]:
    databases = AsyncpgDatabases(edge_database_url)
    yield Books(databases, FixedClock(datetime.now(UTC)))
    await databases.close()


def sale_of(surroundings: Surroundings) -> tuple[Order, list[Transaction]]:
    """Return an order of the shop that nothing was given back of, and its captures."""
    store = surroundings.shopify.store
    for order in (found for i in range(60) if (found := store.order(i))):
        paid = [t for t in order.transactions if t.kind in {"SALE", "CAPTURE"}]
        captures = [t for t in paid if t.status == "SUCCESS" and not t.test]
        if captures and not (order.refunds or order.test):
            return order, captures
    raise AssertionError("the shop has no such order")


class Staff:
    """The staff API on the edge."""

    def __init__(self, edge: EdgeWorker, token: str) -> None:
        self.edge, self.token = edge, token

    async def send(self, path: str, content: Any = None, **headers: str) -> Any:
        sent = {HEADER: self.token, "Content-Type": "application/json"} | headers
        body = None if content is None else json.dumps(content)
        method = "GET" if content is None else "POST"
        answer: Answer = await asyncio.to_thread(
            self.edge.fetch, f"https://staff{path}", method=method, headers=sent, body=body
        )
        assert answer.status in {200, 201}, answer.body
        return answer.json()


async def test_from_the_delivery_to_the_statement(
    ingest_edge: EdgeWorker,
    dashboard_edge: EdgeWorker,
    platform_edge: EdgeWorker,
    surroundings: Surroundings,
    books: Books,
) -> None:
    partner = await books.partner(starts=datetime.now(UTC) - timedelta(days=400))
    await books.rows("UPDATE program SET hold_days = 0 WHERE id = $1", partner.program_id)
    order, captures = sale_of(surroundings)
    currency = order.currencies.presentment
    amount = sum(capture.amount.presentment // 10 for capture in captures)
    await _delivered(ingest_edge, surroundings, order, captures, partner)
    await _settled(books, order, amount)
    staff = Staff(dashboard_edge, surroundings.access.user_token())
    asked = {"due_of_publisher": partner.publisher_id}
    approved = await staff.send("/api/commissions/approve", asked)
    assert approved["amount_minor"] == {currency: amount}
    told = await staff.send(f"/api/commissions/{approved['approved'][0]}")
    assert [fact["kind"] for fact in told["facts"]] == ["capture"]
    assert told["conversion"]["kind"] == "click"
    payout = {
        "publisher_id": partner.publisher_id,
        "currency": currency,
        "expected_minor": amount,
    }
    for _ in range(2):
        paid = await staff.send("/api/payouts", payout, **{"Idempotency-Key": "paid-on-the-edge"})
        assert (paid["amount_minor"], paid["invoice_number"]) == (amount, 1)
    key = {"name": "edge", "scopes": ["commissions:read"]}
    made = await staff.send(f"/api/publishers/{partner.publisher_id}/api-keys", key)
    answer = await asyncio.to_thread(
        platform_edge.fetch,
        f"https://platform/v1/publisher/statement?currency={currency}",
        headers={"X-Api-Key": made["key"]},
    )
    assert answer.status == 200, answer.body
    kinds = [item["kind"] for item in answer.json()["items"]]
    assert sorted(kinds) == sorted(["accrual", "approval"] * len(captures) + ["payout"])
    assert answer.json()["closing"] == {"pending_minor": 0, "approved_minor": 0}
    async with books.databases.open() as db:
        assert await LedgerAudit(db).imbalances() == []


async def _delivered(
    edge: EdgeWorker,
    surroundings: Surroundings,
    order: Order,
    captures: list[Transaction],
    partner: Partner,
) -> None:
    """Deliver the order with a click that the shop does not know, then its payments, all twice.

    The payments make ingest read the order anew, without the click: its conversion stays.
    """
    store = surroundings.shopify.store
    placed = datetime.fromtimestamp(order.processed_at, UTC)
    click = Click.new(partner.item_id, placed - timedelta(hours=1))
    attribute = {"name": "click_id", "value": sign(click, CLICK_KEY)}
    body = {**order_body(order, store), "note_attributes": [attribute]}
    for _ in range(2):
        await _deliver(edge, surroundings, "orders/create", body)
    event_id = derived_id("evt", "conversion", derived_id("ord", order.gid))
    events = surroundings.events["publication"]
    await asyncio.to_thread(until, lambda: [e for e in events if e["event_id"] == event_id])
    for capture in [*captures, *captures]:
        payment = parts.transaction(capture, order, store.shop)
        await _deliver(edge, surroundings, "order_transactions/create", payment)


async def _deliver(
    edge: EdgeWorker, surroundings: Surroundings, topic: str, body: dict[str, Any]
) -> None:
    raw, headers = signed(
        body,
        topic,
        shop=surroundings.variables["SHOP_DOMAIN"],
        secret=surroundings.shopify.webhook_secret,
    )
    url = "https://ingest/webhooks/shopify"
    answer = await asyncio.to_thread(
        edge.fetch, url, method="POST", headers=headers, body=raw.decode()
    )
    assert answer.status == 200, answer.body


async def _settled(books: Books, order: Order, amount: int) -> None:
    """Wait until the queue has brought the payments to the books."""
    sql = (
        "SELECT COALESCE(sum(c.amount_minor), 0)::bigint AS amount FROM commission c"
        " JOIN order_header h ON h.id = c.order_id WHERE h.shopify_gid = $1"
    )
    for _ in range(600):
        if (await books.rows(sql, order.gid))[0]["amount"] == amount:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await books.rows(sql, order.gid))
