"""Staff follows runs, tries them again, cancels them, and deals with dead letters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.clock import format_instant
from shared.ports import JsonObject
from tests.fixtures.ingest import BrokenQueue
from tests.fixtures.staff_api import NOW, StaffApi

RUNS = "/api/ingest/runs"
LETTERS = "/api/ingest/dead-letters"
SYNC = "/api/performance-metrics/sync"
REFRESH = "/api/tag-analytics/refresh"
SUGGEST = "/api/combo-suggestions/generate"
KEY = {"Idempotency-Key": "the-same-key"}


async def recorded(api: StaffApi, run_id: str, **fields: object) -> None:
    run = {"run_id": run_id, "workflow": "measurement-refresh", "started_at": format_instant(NOW)}
    await api.ingest.watermarks.record_run({**run, **fields})


async def read(api: StaffApi, run_id: str) -> JsonObject:
    found: JsonObject = (await api.http.get(f"{RUNS}/{run_id}")).json()
    return found


@pytest.mark.parametrize("path", [SYNC, REFRESH, SUGGEST, "/api/products/tags/sync"])
async def test_what_was_asked_for_can_be_followed_at_once(staff_api: StaffApi, path: str) -> None:
    started = await staff_api.http.post(path)
    run = await staff_api.http.get(started.headers["location"])
    assert (run.status_code, run.json()["status"]) == (200, "queued")
    assert run.json()["requested_by"] == "staff@example.com"
    listed = (await staff_api.http.get(RUNS, params={"status": "queued"})).json()["items"]
    assert run.json()["run_id"] in {item["run_id"] for item in listed}


async def test_a_run_is_read_with_its_steps(staff_api: StaffApi) -> None:
    started = await staff_api.http.post(SUGGEST)
    await staff_api.work()
    run = (await staff_api.http.get(started.headers["location"])).json()
    assert (run["status"], run["steps"]) == ("complete", [])  # its events have not landed
    short = await staff_api.http.get(started.headers["location"], params={"steps": "false"})
    assert short.json()["steps"] is None


async def test_what_the_queue_does_not_take_frees_what_it_held(staff_api: StaffApi) -> None:
    staff_api.configure(queue=BrokenQueue())
    assert (await staff_api.http.post(SYNC, headers=KEY)).status_code == 503
    runs = (await staff_api.http.get(RUNS)).json()["items"]
    assert {(run["status"], run["reason"]) for run in runs} == {
        ("cancelled", "could not be queued")
    }
    staff_api.configure(queue=staff_api.jobs)
    again = await staff_api.http.post(SYNC, headers=KEY)
    assert again.status_code == 202
    assert {run["run_id"] for run in again.json()["runs"]} == {run["run_id"] for run in runs}
    assert (await read(staff_api, runs[0]["run_id"]))["status"] == "queued"
    assert len(staff_api.jobs.receive()) == 2


async def test_a_run_that_was_cancelled_before_it_began_stays_so(staff_api: StaffApi) -> None:
    run_id = (await staff_api.http.post(SUGGEST)).json()["run_id"]
    cancelled = await staff_api.http.post(f"{RUNS}/{run_id}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["reason"] == "cancelled by staff@example.com"
    await staff_api.work()
    assert (await read(staff_api, run_id))["status"] == "cancelled"
    again = await staff_api.http.post(f"{RUNS}/{run_id}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:problem:run-over")


async def test_a_failed_run_is_tried_again(staff_api: StaffApi) -> None:
    started = (await staff_api.http.post("/api/products/tags/sync")).json()
    await staff_api.work()  # there is no shop at that name
    run_id = started["run_id"]
    assert (await read(staff_api, run_id))["status"] == "failed"
    again = await staff_api.http.post(f"{RUNS}/{run_id}/retry", headers=KEY)
    assert (again.status_code, again.headers["location"]) == (202, f"{RUNS}/{run_id}")
    assert (again.json()["retries"], again.json()["retried_by"]) == (1, "staff@example.com")
    await staff_api.work()
    assert (await staff_api.http.post(f"{RUNS}/{run_id}/retry", headers=KEY)).json() == again.json()


async def test_what_cannot_be_tried_again_is_said_to_be_so(staff_api: StaffApi) -> None:
    await recorded(staff_api, "run_good", status="complete")
    good = await staff_api.http.post(f"{RUNS}/run_good/retry")
    assert (good.status_code, good.json()["type"]) == (409, "urn:problem:run-not-over")
    await recorded(staff_api, "run_gone", status="failed")
    gone = await staff_api.http.post(f"{RUNS}/run_gone/retry")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:problem:run-gone")
    missing = await staff_api.http.post(f"{RUNS}/run_x/retry")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:problem:run-not-found")
    since = format_instant(NOW - timedelta(hours=1))
    all_ = await staff_api.http.post("/api/ingest/retry-failed", json={"since": since})
    assert all_.status_code == 202
    (outcome,) = all_.json()["runs"]
    assert (outcome["run_id"], outcome["status"]) == ("run_gone", "left")


async def test_runs_are_filtered(staff_api: StaffApi) -> None:
    for number in range(4):
        at = format_instant(NOW + timedelta(minutes=number))
        status = "failed" if number % 2 else "complete"
        await recorded(staff_api, f"run_{number}", status=status, started_at=at)
    asked = {"status": "failed", "workflow": "measurement-refresh", "limit": "1"}
    first = (await staff_api.http.get(RUNS, params=asked)).json()
    assert [run["run_id"] for run in first["items"]] == ["run_3"]
    rest = await staff_api.http.get(RUNS, params=asked | {"cursor": first["next_cursor"]})
    assert [run["run_id"] for run in rest.json()["items"]] == ["run_1"]
    assert rest.json()["next_cursor"] is None


async def test_dead_letters_are_read_replayed_and_dropped(staff_api: StaffApi) -> None:
    for number in range(3):
        await staff_api.jobs.send({"job_type": "NO_SUCH_JOB", "run_id": f"bad_{number}"})
    await staff_api.work()
    first = (await staff_api.http.get(LETTERS, params={"limit": 2})).json()
    rest = (await staff_api.http.get(LETTERS, params={"cursor": first["next_cursor"]})).json()
    letters = first["items"] + rest["items"]
    assert {letter["message"]["run_id"] for letter in letters} == {"bad_0", "bad_1", "bad_2"}
    path = f"{LETTERS}/{letters[0]['day']}/{letters[0]['id']}"
    assert (await staff_api.http.get(path)).json() == letters[0]
    refused = await staff_api.http.post(f"{path}/replay")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem:invalid-input")
    assert refused.json()["errors"]
    assert (await staff_api.http.delete(path)).status_code == 204
    gone = await staff_api.http.get(path)
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:problem:dead-letter-not-found")


async def test_a_mended_letter_is_queued_again(staff_api: StaffApi) -> None:
    message = b'{"message": {"job_type": "PRODUCT_TAG_SYNC", "run_id": "run_1"}, "reason": "r"}'
    await staff_api.bindings.objects.put("dead-letters/2026-11-20/l1.json", message)
    path = f"{LETTERS}/2026-11-20/l1"
    replayed = await staff_api.http.post(f"{path}/replay")
    assert (replayed.status_code, replayed.json()["run_id"]) == (202, "run_1")
    assert replayed.headers["location"] == f"{RUNS}/run_1"
    assert [delivery.body for delivery in staff_api.jobs.receive()]
    assert (await staff_api.http.post(f"{path}/replay")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{LETTERS}?limit=10000", 400),
        ("GET", f"{LETTERS}?cursor=x", 400),
        ("GET", f"{LETTERS}/today/x", 400),
        ("GET", f"{LETTERS}/2026-11-20/x", 404),
        ("GET", f"{RUNS}?status=a%20b", 400),
        ("POST", f"{RUNS}/run_x/cancel", 404),
        ("POST", f"{LETTERS}/2026-11-20/x/replay", 404),
        ("DELETE", f"{LETTERS}/2026-11-20/x", 404),
    ],
)
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, method: str, path: str, status: int
) -> None:
    answer = await staff_api.http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
