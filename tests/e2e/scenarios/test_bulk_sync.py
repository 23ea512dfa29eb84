"""Daily Shopify Bulk Sync: staff starts one by hand, follows it, and sees when it goes wrong."""

from __future__ import annotations

from tests.e2e.flows import complete, second_over
from tests.e2e.staff_work import new_product, read, write
from tests.e2e.target import Target

SYNC = "/api/performance-metrics/sync"


async def test_staff_syncs_now_and_finds_what_no_webhook_told(target: Target) -> None:
    _, variant = await new_product(target, "Bulk bowl")
    order = await target.shop.place_order((variant, 2), silent=True)
    asked = {"gids": [order["gid"]]}
    lookup = await write(target, "POST", "/api/orders/lookup", asked)
    assert lookup["unknown"] == [order["gid"]]
    await second_over(target)
    await target.shop.faults(inject={"bulk_delayed": 2})
    started = await target.staff.post(SYNC, json={"objects": ["orders"]})
    assert started.status_code == 202, started.text
    (run,) = started.json()["runs"]
    assert started.headers["location"] == run["href"]

    second = await target.staff.post(SYNC, json={"objects": ["orders"]})
    assert (second.status_code, second.json()["run_id"]) == (409, run["run_id"])
    assert second.headers["location"] == run["href"]

    summary = await complete(target, run["run_id"])
    assert summary["requested_by"] == "staff@example.com"
    assert any(one["run_id"] == run["run_id"] for one in (await runs(target)))
    lookup = await write(target, "POST", "/api/orders/lookup", asked)
    assert [item["lines"][0]["quantity"] for item in lookup["items"]] == [2]


async def test_a_sync_that_shopify_fails_is_seen_and_the_next_one_catches_up(
    target: Target,
) -> None:
    _, variant = await new_product(target, "Unlucky bowl")
    order = await target.shop.place_order((variant, 1), silent=True)
    await target.shop.faults(inject={"bulk_access_denied": 1})
    started = await write(target, "POST", SYNC, {"objects": ["orders"]})
    failed = await target.run(started["runs"][0]["run_id"])
    assert (failed["status"], bool(failed["error"])) == ("failed", True)
    await target.shop.faults(clear=True)
    health = await read(target, "/api/health")
    assert health["status"] in {"ok", "degraded"}

    await second_over(target)
    again = await write(target, "POST", SYNC, {"objects": ["orders"]})
    await complete(target, again["runs"][0]["run_id"])
    found = await write(target, "POST", "/api/orders/lookup", {"gids": [order["gid"]]})
    assert len(found["items"]) == 1


async def test_what_is_no_object_is_refused_by_name(target: Target) -> None:
    answer = await target.staff.post(SYNC, json={"objects": ["customers"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/objects/0"


async def runs(target: Target) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await read(target, "/api/ingest/runs", limit=50))["items"]
    return found
