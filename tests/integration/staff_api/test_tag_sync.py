"""Staff asks for the tags of every product, and reads how that goes."""

from datetime import timedelta

from shared.clock import format_instant
from shared.jobs import ProductTagSync, parse_job
from tests.fixtures.staff_api import NOW, StaffApi

SYNC = "/api/products/tags/sync"


async def test_a_tag_sync_is_queued_once(staff_api: StaffApi) -> None:
    first = await staff_api.http.post(SYNC)
    assert first.status_code == 202, first.text
    run_id = first.json()["run_id"]
    assert first.headers["location"] == first.json()["href"] == f"/api/ingest/runs/{run_id}"
    second = await staff_api.http.post(SYNC)
    assert (second.status_code, second.json()["run_id"]) == (409, run_id)
    [delivery] = staff_api.jobs.receive()
    assert parse_job(delivery.body) == ProductTagSync(
        run_id=run_id, requested_by="staff@example.com"
    )


async def test_none_starts_beside_a_sync_of_products(staff_api: StaffApi) -> None:
    await staff_api.ingest.watermarks.acquire("products", "run_of_cron", ttl=timedelta(hours=1))
    refused = await staff_api.http.post(SYNC)
    assert (refused.status_code, refused.json()["run_id"]) == (409, "run_of_cron")
    assert staff_api.jobs.receive() == []


async def test_the_same_key_is_the_same_run(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "the-same-key"}
    first = (await staff_api.http.post(SYNC, headers=key)).json()
    await staff_api.ingest.watermarks.release("products", first["run_id"])
    ended = {"run_id": first["run_id"], "status": "complete", "started_at": format_instant(NOW)}
    await staff_api.ingest.watermarks.record_run(ended)
    assert (await staff_api.http.post(SYNC, headers=key)).json() == first
    assert len(staff_api.jobs.receive()) == 1


async def test_the_status_is_that_of_the_newest_tag_sync(staff_api: StaffApi) -> None:
    assert (await staff_api.http.get(f"{SYNC}/status")).json() == {"run": None}
    for run_id, workflow, minute in (
        ("run_1", "product-tag-sync", 1),
        ("run_2", "product-tag-sync", 2),
        ("run_3", "shopify-bulk-sync", 3),
    ):
        at = format_instant(NOW + timedelta(minutes=minute))
        run = {"run_id": run_id, "workflow": workflow, "status": "running", "started_at": at}
        await staff_api.ingest.watermarks.record_run(run)
    status = (await staff_api.http.get(f"{SYNC}/status")).json()
    assert (status["run"]["run_id"], status["run"]["status"]) == ("run_2", "running")
