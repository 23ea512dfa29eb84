"""Asking for a sync, and reading what became of it."""

from datetime import timedelta

import httpx
import pytest

from shared.clock import format_instant
from shared.jobs import parse_job
from tests.fixtures.staff_api import NOW, StaffApi

SYNC = "/api/performance-metrics/sync"
RUNS = "/api/ingest/runs"


def queued(api: StaffApi) -> list[object]:
    return [parse_job(delivery.body) for delivery in api.jobs.receive()]


async def test_a_sync_is_queued_for_both_objects(staff_api: StaffApi) -> None:
    response = await staff_api.http.post(SYNC)
    assert response.status_code == 202
    runs = response.json()["runs"]
    assert [run["object"] for run in runs] == ["orders", "products"]
    assert response.headers["location"] == runs[0]["href"] == f"{RUNS}/{runs[0]['run_id']}"
    jobs = queued(staff_api)
    assert {(job.object, job.run_id) for job in jobs} == {  # type: ignore[attr-defined]
        (run["object"], run["run_id"]) for run in runs
    }
    assert {job.requested_by for job in jobs} == {"staff@example.com"}  # type: ignore[attr-defined]


async def test_one_object_can_be_named(staff_api: StaffApi) -> None:
    response = await staff_api.http.post(SYNC, json={"objects": ["products"]})
    assert [run["object"] for run in response.json()["runs"]] == ["products"]
    assert len(queued(staff_api)) == 1


async def test_a_running_sync_is_answered_with_its_run(staff_api: StaffApi) -> None:
    lease = timedelta(hours=1)
    await staff_api.ingest.watermarks.acquire("products", "run_of_cron", ttl=lease)
    response = await staff_api.http.post(SYNC)
    problem = response.json()
    assert response.status_code == 409
    assert problem["type"] == "urn:problem:sync-running"
    assert (problem["object"], problem["run_id"]) == ("products", "run_of_cron")
    assert response.headers["location"] == f"{RUNS}/run_of_cron"
    assert queued(staff_api) == []
    orders = await staff_api.http.post(SYNC, json={"objects": ["orders"]})
    assert orders.status_code == 202, "the lease on orders was given back"


async def test_a_second_request_meets_the_first(staff_api: StaffApi) -> None:
    first = (await staff_api.http.post(SYNC)).json()["runs"]
    second = await staff_api.http.post(SYNC)
    assert second.status_code == 409
    assert second.json()["run_id"] == first[0]["run_id"]
    assert len(queued(staff_api)) == 2


async def test_the_same_key_is_the_same_run(staff_api: StaffApi) -> None:
    headers = {"Idempotency-Key": "3f2c1f0e-0000-4000-8000-000000000001"}
    first = (await staff_api.http.post(SYNC, headers=headers)).json()
    second = await staff_api.http.post(SYNC, headers=headers)
    assert (second.status_code, second.json()) == (202, first)
    run_ids = {job.run_id for job in queued(staff_api)}  # type: ignore[attr-defined]
    assert run_ids == {run["run_id"] for run in first["runs"]}
    for run in first["runs"]:
        await staff_api.ingest.watermarks.release(run["object"], run["run_id"])
        await staff_api.ingest.watermarks.record_run(
            {"run_id": run["run_id"], "status": "complete", "started_at": format_instant(NOW)}
        )
    third = await staff_api.http.post(SYNC, headers=headers)
    assert (third.status_code, third.json()) == (202, first)
    assert queued(staff_api) == [], "a run that has ended is not started again"


async def test_another_caller_has_other_runs_under_the_same_key(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "the-same-key"}
    first = (await staff_api.http.post(SYNC, headers=key)).json()
    other = staff_api.with_token(staff_api.access.user_token("eve@example.com"))
    second = await staff_api.http.post(SYNC, headers=key | other)
    assert second.status_code == 409
    assert second.json()["run_id"] == first["runs"][0]["run_id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"objects": ["customers"]}, "/objects/0"),
        ({"objects": []}, "/objects"),
        ({"objects": "orders"}, "/objects"),
        ({"object": "orders"}, "/object"),
        ([], ""),
    ],
)
async def test_a_request_that_is_not_valid_is_named(
    staff_api: StaffApi, body: object, pointer: str
) -> None:
    response = await staff_api.http.post(SYNC, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer
    assert queued(staff_api) == []


async def test_a_bad_key_is_named(staff_api: StaffApi) -> None:
    response = await staff_api.http.post(SYNC, headers={"Idempotency-Key": "a b"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/Idempotency-Key"


async def test_runs_are_listed_newest_first_in_pages(staff_api: StaffApi) -> None:
    for number in range(5):
        at = format_instant(NOW + timedelta(minutes=number))
        await staff_api.ingest.watermarks.record_run(
            {"run_id": f"run_{number}", "status": "complete", "started_at": at}
        )
    first = (await staff_api.http.get(RUNS, params={"limit": "2"})).json()
    assert [run["run_id"] for run in first["items"]] == ["run_4", "run_3"]
    rest = await staff_api.http.get(RUNS, params={"limit": "9", "cursor": first["next_cursor"]})
    assert [run["run_id"] for run in rest.json()["items"]] == ["run_2", "run_1", "run_0"]
    assert rest.json()["next_cursor"] is None


async def test_one_run_is_read_whole(staff_api: StaffApi) -> None:
    summary = {"run_id": "run_a", "status": "failed", "error": "expired", "records_read": 3}
    await staff_api.ingest.watermarks.record_run(summary)
    read = await staff_api.http.get(f"{RUNS}/run_a")
    assert read.json() == summary | {"steps": [], "is_cut": False}
    missing = await staff_api.http.get(f"{RUNS}/run_b")
    assert missing.status_code == 404
    assert missing.json()["type"] == "urn:problem:run-not-found"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (f"{RUNS}?limit=0", "/limit"),
        (f"{RUNS}?cursor=x", "/cursor"),
        (f"{RUNS}?page=2", "/page"),
        (f"{RUNS}/%2E%2E%2Fhealth%3F", "/run_id"),
    ],
)
async def test_a_bad_parameter_is_named(staff_api: StaffApi, path: str, pointer: str) -> None:
    response = await staff_api.http.get(path)
    if "%2E" in path:  # a slash makes it another path; either way nothing is asked of ingest
        assert response.status_code in {400, 404}
        return
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer


async def test_ingest_being_away_is_503(staff_api: StaffApi) -> None:
    staff_api.configure(ingest=lambda: httpx.AsyncClient(base_url="http://127.0.0.1:1"))
    response = await staff_api.http.get(RUNS)
    assert response.status_code == 503
    assert response.json()["type"] == "urn:problem:unavailable"
