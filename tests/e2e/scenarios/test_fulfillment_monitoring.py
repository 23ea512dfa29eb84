"""Fulfillment Monitoring: the fulfillment team watches how its days go."""

from __future__ import annotations

from datetime import timedelta

from tests.e2e.staff_work import new_product, read, sold, walked
from tests.e2e.target import Target

DAYS = "/api/fulfillment-daily-summary"


async def test_a_shipment_counts_on_its_day(target: Target) -> None:
    _, variant = await new_product(target, "Shipped shelf")
    orders = [await sold(target, variant, n) for n in (1, 2)]
    before = await day_of_now(target)
    for order in orders:
        await target.shop.change("ship", order_id=order["id"])

    async def counted() -> bool:
        return (await day_of_now(target))["total_count"] == before["total_count"] + 2

    await target.eventually(counted)
    day = await day_of_now(target)
    assert day["success_count"] == before["success_count"] + 2
    assert day["failure_count"] == before["failure_count"]
    assert day["success_rate"] == round(day["success_count"] / day["total_count"], 4) or (
        abs(day["success_rate"] - day["success_count"] / day["total_count"]) < 1e-3
    )


async def test_all_days_are_walked_newest_first_and_add_up(target: Target) -> None:
    days = [day async for day in walked(target, DAYS, limit=7)]
    assert [day["day"] for day in days] == sorted({day["day"] for day in days}, reverse=True)
    (counted,) = await target.rows("SELECT count(*) AS n FROM fulfillment")
    assert sum(day["total_count"] for day in days) == counted["n"]
    assert all(day["success_count"] + day["failure_count"] <= day["total_count"] for day in days)
    middle = days[len(days) // 2]["day"]
    only = await read(target, DAYS, **{"from": middle, "to": middle})
    assert [day["day"] for day in only["items"]] == [middle]


async def test_days_the_wrong_way_round_are_refused(target: Target) -> None:
    answer = await target.staff.get(DAYS, params={"from": "2026-11-02", "to": "2026-11-01"})
    assert answer.status_code == 400
    answer = await target.staff.get(DAYS, params={"from": "yesterday"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/from")


async def day_of_now(target: Target) -> dict[str, float]:
    """Return the sum over the days around now: the shop's time zone decides which it is."""
    now = (await target.shop.clock()).date()
    asked = {"from": str(now - timedelta(days=1)), "to": str(now + timedelta(days=1))}
    days = (await read(target, DAYS, **asked))["items"]
    total = {
        name: sum(day[name] for day in days)
        for name in ("total_count", "success_count", "failure_count")
    }
    rate = total["success_count"] / total["total_count"] if total["total_count"] else 0.0
    return {**total, "success_rate": rate}
