"""A refresh against the oracle: first in full, then by the days that new events touch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.fixtures.measurement import Lab, event, product

DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


async def test_a_sale_and_its_refund(lab: Lab) -> None:
    lab.dimension = [product("prd_a"), product("prd_b", is_active=False)]
    lab.append([event("e1", "prd_a", NOON, quantity=3, amount=3000)])
    report = await lab.refresh(DAY)
    assert (report["mode"], report["reason"]) == ("full", "first refresh")
    lab.check(DAY)
    lab.append(
        [event("e2", "prd_a", NOON + timedelta(hours=1), kind="payment_refunded", quantity=-1, amount=-1000)]
    )
    report = await lab.refresh(DAY)
    assert (report["mode"], report["touched_days"]) == ("incremental", 1)
    lab.check(DAY)
    report = await lab.refresh(DAY)
    assert report["mode"] == "noop"
    page = await lab.engine.query("performance", {})
    assert page["items"][0]["sales_last_7_days"] == 2
