"""The whole way: what happens in the shop is a row, an event, a measure and an answer to staff."""

from __future__ import annotations

from typing import Any

import pytest
from local.staff import Staff

from shared.ids import derived_id
from shared.performance.schemas import ProductMeasurementDatum
from shared.ports import JsonObject
from tests.e2e.flows import DAILY, minute, refresh, second_over, sync
from tests.e2e.target import Target


async def new_variant(target: Target, title: str) -> tuple[str, int]:
    """Add a product that only this test sells; return its id here and its variant in the shop."""
    product = await target.shop.change("add_product", title=title)
    return derived_id("prd", product["gid"]), product["variants"][0]["id"]


async def order_row(target: Target, order: JsonObject) -> dict[str, Any] | None:
    rows = await target.rows("SELECT * FROM order_header WHERE shopify_gid = $1", order["gid"])
    return dict(rows[0]) if rows else None


async def events_of(target: Target, order: JsonObject) -> dict[str, list[Any]]:
    """Return the order's landed events by type."""
    order_id = derived_id("ord", order["gid"])
    found: dict[str, list[Any]] = {}
    for event in await target.events("commerce"):
        if event["order_id"] == order_id:
            found.setdefault(event["event_type"], []).append(event)
    return found


async def measured(target: Target, product_id: str) -> ProductMeasurementDatum:
    """Refresh and return what staff then sees of the product."""
    await refresh(target)
    async for page in Staff(target.staff).products():
        for item in page.items:
            if item.product_id == product_id:
                return item
    pytest.fail(f"{product_id} is not measured")


async def test_a_webhook_becomes_a_row_an_event_and_a_measure(target: Target) -> None:
    product_id, variant = await new_variant(target, "Webhook vase")
    order = await target.shop.place_order((variant, 3))
    await target.eventually(lambda: order_row(target, order))
    await target.settled()
    events = await events_of(target, order)
    assert [event["quantity"] for event in events["order_created"]] == [3]
    assert len(events["payment_captured"]) == 1

    line = order["lines"][0]["id"]
    await target.shop.change("refund", order_id=order["id"], units=[(line, 1)])
    await target.eventually(lambda: refunds_of(target, order), 1)
    await target.settled()
    assert [e["quantity"] for e in (await events_of(target, order))["payment_refunded"]] == [-1]

    product = await measured(target, product_id)
    assert product.product_name == "Webhook vase"
    assert product.sales_last_7_days == 2


async def refunds_of(target: Target, order: JsonObject) -> int:
    sql = "SELECT count(*) AS n FROM order_refund WHERE order_id = $1"
    return int((await target.rows(sql, derived_id("ord", order["gid"])))[0]["n"])


async def test_the_daily_sync_brings_what_no_webhook_told(target: Target) -> None:
    product_id, variant = await new_variant(target, "Silent lamp")
    order = await target.shop.place_order((variant, 2), silent=True)
    assert await order_row(target, order) is None
    await sync(target)
    assert await order_row(target, order) is not None
    assert [e["quantity"] for e in (await events_of(target, order))["order_created"]] == [2]
    assert (await measured(target, product_id)).sales_last_30_days == 2


async def test_a_cron_that_fires_twice_for_a_minute_runs_once(target: Target) -> None:
    at = minute()
    for _ in range(2):
        await target.fire(DAILY, at)
    await target.settled()
    runs = (await target.staff.get("/api/ingest/runs", params={"limit": "100"})).json()["items"]
    ids = [run["run_id"] for run in runs]
    assert ids.count(f"shopify-bulk-sync-orders-{at:%Y%m%dT%H%MZ}") == 1


async def test_a_sync_goes_on_after_a_kill(target: Target) -> None:
    _, variant = await new_variant(target, "Stubborn chair")
    order = await target.shop.place_order((variant, 1), silent=True)
    await target.shop.faults(inject={"bulk_delayed": 2})
    await second_over(target)
    at = minute()
    await target.fire(DAILY, at)
    run_id = f"shopify-bulk-sync-orders-{at:%Y%m%dT%H%MZ}"
    await target.eventually(lambda: started(target, run_id))
    await target.kill()
    told = await target.shop.place_order((variant, 4))  # while nobody listens
    await target.restart()
    run = await target.run(run_id)
    assert run["status"] == "complete", run
    await target.eventually(lambda: order_row(target, told))
    await target.settled()
    assert await order_row(target, order) is not None
    for placed, quantity in ((order, 1), (told, 4)):
        created = (await events_of(target, placed))["order_created"]
        assert [event["quantity"] for event in created] == [quantity]


async def started(target: Target, run_id: str) -> bool:
    return (await target.staff.get(f"/api/ingest/runs/{run_id}")).status_code == 200
