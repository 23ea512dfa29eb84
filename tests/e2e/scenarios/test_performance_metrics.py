"""Performance Metrics: staff browses what sells, sets what makes a class, and corrects by hand."""

from __future__ import annotations

from tests.e2e.flows import refresh
from tests.e2e.staff_work import metrics_of, new_product, read, sold, walked, write
from tests.e2e.target import Target

METRICS = "/api/performance-metrics"
SETTINGS = f"{METRICS}/settings/classification"


async def test_staff_browses_filters_and_downloads(target: Target) -> None:
    best = [item async for item in walked(target, METRICS, sort="-sales_last_30_days", limit=50)]
    sales = [item["sales_last_30_days"] for item in best]
    assert sales == sorted(sales, reverse=True)
    assert sales[0] > 0
    summary = await read(target, f"{METRICS}/stats/summary")
    assert summary["units_last_30_days"] == sum(sales)
    assert sum(summary["by_classification"].values()) == summary["products"] == len(best)

    tag = next(item["tags"][0] for item in best if item["tags"])
    tagged = [item async for item in walked(target, METRICS, tag=tag)]
    assert {item["product_id"] for item in tagged} == {
        item["product_id"] for item in best if tag in item["tags"]
    }
    file = await target.staff.get(METRICS, params={"tag": tag}, headers={"Accept": "text/csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert tagged[0]["product_id"] in file.text


async def test_settings_make_classes_and_a_hand_overrules_them(target: Target) -> None:
    product_id, variant = await new_product(target, "Rising rug")
    manual_id, _ = await new_product(target, "Hand-made rug")
    await sold(target, variant, 9)
    answer = await target.staff.get(SETTINGS)
    held, version = answer.json(), answer.headers["etag"]
    spec = {**held["spec"], "threshold_7d": 8, "threshold_14d": 9}
    assert (await target.staff.put(SETTINGS, json=spec)).status_code == 428
    await write(target, "PUT", SETTINGS, spec, version=version)
    late = await target.staff.put(SETTINGS, json=spec, headers={"If-Match": version})
    assert late.status_code == 412
    measures = {"nominal_classification": "winner", "sales_last_7_days": 77}
    manual = {"product_id": manual_id, "measures": measures}
    await write(target, "POST", METRICS, manual)
    assert (await target.staff.post(METRICS, json=manual)).status_code == 409

    await refresh(target)
    risen = await target.eventually(
        lambda: metrics_of(target, product_id, classification="top_riser")
    )
    assert risen["sales_last_7_days"] == 9
    by_hand = await metrics_of(target, manual_id)
    assert by_hand is not None
    assert (by_hand["nominal_classification"], by_hand["sales_last_7_days"]) == ("winner", 77)
    kept = await target.staff.get(f"{METRICS}/{manual_id}")
    assert kept.json()["updated_by"] == "staff@example.com"
    await write(target, "DELETE", f"{METRICS}/{manual_id}", version=kept.headers["etag"])
    assert (await target.staff.get(f"{METRICS}/{manual_id}")).status_code == 404
    now = (await target.staff.get(SETTINGS)).headers["etag"]
    await write(target, "PUT", SETTINGS, held["spec"], version=now)


async def test_what_cannot_be_is_refused_by_name(target: Target) -> None:
    for query, pointer in ({"limit": 10_000}, "/limit"), ({"sort": "colour"}, "/sort"):
        answer = await target.staff.get(METRICS, params=query)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    wrong = {"banana_count": -1}
    answer = await target.staff.put(SETTINGS, json=wrong, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/banana_count")
