"""The compliance topics do what they promise, once, and leave a record that names nobody."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from ingest.workflows import WORKFLOWS

from shared.adapters.embedded.workflows import JournalWorkflows
from shared.ids import derived_id
from shared.orders.marks_repository import OrderMarks
from shared.ports import JsonObject, Step, WorkflowStatus
from shared.webhooks.personal import redacted_row
from tests.fixtures.bulk_sync import Crash
from tests.fixtures.webhooks import Webhooks

NAME = "shopify-compliance"


class Compliance:
    """Requests, and the engine that carries them out."""

    def __init__(self, webhooks: Webhooks) -> None:
        self.webhooks = webhooks

    async def ask(self, topic: str, body: JsonObject, *, crash_after: str = "") -> WorkflowStatus:
        """Deliver a request twice and carry it out, cut off after a step if asked to."""
        crashes = [crash_after] if crash_after else []

        def interrupt(point: Any, _: str, step: str) -> None:
            if point == "after" and step in crashes:
                crashes.clear()
                raise Crash

        webhooks = self.webhooks
        engine = JournalWorkflows(webhooks.ports.journal, clock=webhooks.clock, interrupt=interrupt)
        engine.register(NAME, self._definition)
        await webhooks.send(topic, body, X_Shopify_Webhook_Id="one")
        await webhooks.send(topic, body, X_Shopify_Webhook_Id="one")
        await webhooks.drain(workflows=engine)
        [instance] = {row["id"] for row in await webhooks.rows("SELECT id FROM webhook_delivery")}
        try:
            status = await engine.finished(NAME, instance)
        except Crash:
            status = None
        await engine.close()
        if crash_after:
            engine = JournalWorkflows(webhooks.ports.journal, clock=webhooks.clock)
            engine.register(NAME, self._definition)
            engine.resume()
            status = await engine.finished(NAME, instance)
            await engine.close()
        assert status is not None
        assert status.state == "complete", status.error
        return status

    async def record(self) -> JsonObject:
        """Return the one record that is kept."""
        sql = "SELECT status, payload FROM macrodata_artifact WHERE kind = 'compliance_record'"
        [row] = await self.webhooks.rows(sql)
        return row

    async def _definition(self, step: Step, payload: JsonObject) -> Any:
        return await WORKFLOWS[NAME](step, payload, self.webhooks.bindings())


@pytest.fixture
async def compliance(webhooks: Webhooks) -> Compliance:
    """A shop that was synced, so that rows and archives hold its customers."""
    status = await webhooks.sync.run("orders", "run_orders")
    assert status.state == "complete"
    return Compliance(webhooks)


def somebody(webhooks: Webhooks):
    """Return an order with a customer and an address, and all the orders of that customer."""
    store = webhooks.shop.store
    orders = [store.order(index) for index in range(store.source.size)]
    one = next(o for o in orders if o.customer and o.email and o.shipping and o.landing_page)
    return one, [o for o in orders if o.customer and o.customer.id == one.customer.id]


@pytest.mark.parametrize("step", ["", "begin", "export", "finish"])
async def test_a_customers_data_is_exported(compliance: Compliance, step: str) -> None:
    webhooks = compliance.webhooks
    order, orders = somebody(webhooks)
    body = {
        "shop_domain": webhooks.domain,
        "orders_requested": [order.id],
        "customer": {"id": order.customer.id, "email": order.email},
        "data_request": {"id": 9999},
    }
    status = await compliance.ask("customers/data_request", body, crash_after=step)
    assert isinstance(status.output, dict)
    exported = json.loads(await webhooks.ports.objects.get(status.output["key"]) or b"")
    assert exported["request_id"] == "9999"
    names = {row["shopify_gid"] for page in exported["pages"] for row in page["order_header"]}
    assert names >= {one.gid for one in orders}
    addresses = [row for page in exported["pages"] for row in page["order_address"]]
    assert order.shipping.address1 in {row["address1"] for row in addresses}
    record = await compliance.record()
    assert record["status"] == "complete"
    assert order.email not in json.dumps(record["payload"])
    assert {e["workflow"] for e in webhooks.ports.sync.events} >= {NAME}


@pytest.mark.parametrize(
    "step", ["", "begin", "redact-rows", "archives-00001", "bodies-00001", "finish"]
)
async def test_a_customer_is_redacted_for_good(compliance: Compliance, step: str) -> None:
    webhooks = compliance.webhooks
    order, _ = somebody(webhooks)
    webhooks.changes.update(order.id, note="call Ann")
    await webhooks.handle(*(one for one in webhooks.taken() if one.topic == "orders/updated"))
    body = {
        "shop_domain": webhooks.domain,
        "customer": {"id": order.customer.id, "email": order.email},
        "orders_to_redact": [order.id],
    }
    async with webhooks.sync.databases.open() as db:
        await db.execute("DELETE FROM webhook_delivery")
    await compliance.ask("customers/redact", body, crash_after=step)

    assert await _personal(webhooks, order.gid) == []
    archive = await webhooks.ports.objects.get("archives/ingest/run_orders.jsonl") or b""
    rows = [json.loads(line) for line in archive.splitlines()]
    mine = [row for row in rows if order.gid in (row.get("id"), row.get("__parentId"))]
    assert len(mine) > len(order.lines)
    text = json.dumps(mine)
    assert order.shipping.address1 not in text
    assert order.email not in text
    assert {json.dumps(row.get("customerJourneySummary")) for row in mine} == {"null"}
    assert any(row.get("customerJourneySummary") for row in rows)
    assert any((row.get("shippingAddress") or {}).get("address1") for row in rows)

    webhooks.clock.advance(timedelta(seconds=1))
    webhooks.changes.update(order.id, note="call Ann again")
    await webhooks.handle(*webhooks.taken())
    assert await _personal(webhooks, order.gid) == []
    assert (await compliance.record())["status"] == "complete"
    others = await webhooks.rows("SELECT 1 FROM order_address WHERE address1 IS NOT NULL")
    assert others


async def test_the_click_of_a_landing_page_outlives_a_redaction(webhooks: Webhooks) -> None:
    product = next(iter(webhooks.shop.store.products.values()))
    order = webhooks.changes.add_order([(product.variants[0].id, 1)])
    [created] = [one for one in webhooks.taken() if one.topic == "orders/create"]
    landing = {
        "landing_site": "/mugs?email=ann%40example.com&click_id=a_-b=&utm_source=mail",
        "referring_site": "https://mail.example/?to=ann",
    }
    await webhooks.send("orders/create", {**json.loads(created.body), **landing})
    await webhooks.drain()
    told = {event["landing_site"] for event in webhooks.ports.commerce.newest().values()}
    assert told == {"/mugs?click_id=a_-b%3D&utm_source=mail"}
    async with webhooks.sync.databases.open() as db:
        for _ in range(2):
            await OrderMarks(db).redact([derived_id("ord", order.gid)], webhooks.clock.now())
    sql = "SELECT landing_site, referring_site FROM order_header WHERE shopify_gid = $1"
    [row] = await webhooks.rows(sql, order.gid)
    assert row == {"landing_site": "/?click_id=a_-b=", "referring_site": None}


def test_an_archived_row_keeps_the_click_of_a_journey() -> None:
    visit = {"landingPage": "https://shop.example/?email=ann&click_id=abc", "referrerUrl": "x"}
    row = {"id": "gid://shopify/Order/1", "customerJourneySummary": {"lastVisit": visit}}
    assert redacted_row(row)["customerJourneySummary"] == {
        "lastVisit": {"landingPage": "/?click_id=abc", "referrerUrl": None}
    }


async def _personal(webhooks: Webhooks, order_gid: str) -> list[dict[str, Any]]:
    return await webhooks.rows(
        "SELECT h.id FROM order_header AS h LEFT JOIN order_address AS a ON a.order_id = h.id"
        " WHERE h.shopify_gid = $1 AND (h.note IS NOT NULL OR h.email_hash IS NOT NULL"
        " OR h.landing_site IS NOT NULL OR h.referring_site IS NOT NULL"
        " OR COALESCE(a.first_name, a.last_name, a.address1, a.zip, a.phone, a.city) IS NOT NULL)",
        order_gid,
    )


@pytest.mark.parametrize("step", ["", "begin", "erase-00001", "objects-00001", "finish"])
async def test_a_shop_is_erased(compliance: Compliance, step: str) -> None:
    webhooks = compliance.webhooks
    body = {"shop_id": 1, "shop_domain": webhooks.domain}
    await compliance.ask("shop/redact", body, crash_after=step)
    left = {table: len(rows) for table, rows in (await webhooks.sync.rows()).items() if rows}
    assert left == {}
    assert (await webhooks.ports.objects.list()).objects == ()
    record = await compliance.record()
    assert record["status"] == "complete"
    assert record["payload"]["rows"] > 100
