"""Product Tag Sync: staff presses "Sync Tags" after a merchant renamed some in the shop."""

from __future__ import annotations

from shared.ids import gid_number
from tests.e2e.flows import complete, second_over
from tests.e2e.staff_work import new_product, read, write
from tests.e2e.target import Target

SYNC = "/api/products/tags/sync"


async def test_tags_follow_the_shop_when_staff_asks(target: Target) -> None:
    product_id, _ = await new_product(target, "Tagged teapot", "old tag")
    product = (await read(target, f"/api/products/{product_id}"))["product"]
    await target.shop.change(
        "update_product",
        silent=True,
        product_id=gid_number(product["shopify_gid"]),
        tags=['5" vinyl', "🎁 gift"],
        vendor="Another vendor",
    )
    await second_over(target)
    started = await target.staff.post(SYNC)
    assert started.status_code == 202, started.text
    run_id = started.json()["run_id"]
    assert started.headers["location"].endswith(run_id)
    await complete(target, run_id)

    status = await read(target, f"{SYNC}/status")
    assert (status["run"]["run_id"], status["run"]["status"]) == (run_id, "complete")
    read_again = await read(target, f"/api/products/{product_id}")
    assert {tag["name"] for tag in read_again["tags"]} == {'5" vinyl', "🎁 gift"}
    assert read_again["product"]["vendor"] == "Another vendor"
    found = await read(target, "/api/products", tag="🎁 GIFT")
    assert [item["id"] for item in found["items"]] == [product_id]


async def test_while_products_are_synced_a_tag_sync_waits(target: Target) -> None:
    await target.shop.faults(inject={"bulk_delayed": 2})
    running = await write(
        target, "POST", "/api/performance-metrics/sync", {"objects": ["products"]}
    )
    answer = await target.staff.post(SYNC)
    assert answer.status_code == 409
    assert answer.json()["run_id"] == running["runs"][0]["run_id"]
    await complete(target, running["runs"][0]["run_id"])
