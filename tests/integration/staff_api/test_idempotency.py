"""A POST under an Idempotency-Key is done once, and answered the same each time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.idempotency.models import KeptAnswer, KeyedRequest, Reserved
from shared.idempotency.repository import IdempotentRequests
from shared.idempotency.requests import (
    HELD,
    KEPT,
    IdempotencyKeyReused,
    RequestInProgress,
    abandon,
    begin,
    finish,
)
from shared.jobs import parse_job
from shared.ports import Database, JsonObject
from tests.fixtures.staff_api import StaffApi

SYNC = "/api/performance-metrics/sync"
CSV = "/api/csv/generate"
REFRESH = "/api/tag-analytics/refresh"
KEY = {"Idempotency-Key": "3f2c1f0e-0000-4000-8000-000000000001"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
REQUEST = KeyedRequest("user:u1", "POST", "/api/payouts", "key-of-mine", "aa")
ANSWER = KeptAnswer(201, [["location", "/api/payouts/1"]], '{"id":"1"}')


async def test_the_first_answer_comes_again(staff_api: StaffApi) -> None:
    first = await staff_api.http.post(SYNC, headers=KEY)
    again = await staff_api.http.post(SYNC, headers=KEY)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(staff_api.jobs.receive()) == 2


async def test_another_body_under_the_key_is_refused(staff_api: StaffApi) -> None:
    await staff_api.http.post(SYNC, json={"objects": ["orders"]}, headers=KEY)
    other = await staff_api.http.post(SYNC, json={"objects": ["products"]}, headers=KEY)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:problem:idempotency-key-reused"
    assert other.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert len(staff_api.jobs.receive()) == 1


async def test_the_key_is_of_its_caller_and_its_route(staff_api: StaffApi) -> None:
    first = await staff_api.http.post(REFRESH, headers=KEY)
    eve = staff_api.with_token(staff_api.access.user_token("eve@example.com"))
    hers = await staff_api.http.post(REFRESH, headers=KEY | eve)
    other = await staff_api.http.post("/api/products/tags/sync", headers=KEY)
    assert {hers.status_code, other.status_code} == {202}
    assert len({first.json()["run_id"], hers.json()["run_id"], other.json()["run_id"]}) == 3


async def test_of_many_at_once_one_works(staff_api: StaffApi) -> None:
    asked = [staff_api.http.post(REFRESH, headers=KEY) for _ in range(8)]
    answers: list[httpx.Response] = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {202, 409}
    done = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.json()["run_id"] for answer in done}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in done) == 1
    for refused in (answer for answer in answers if answer.status_code == 409):
        assert refused.json()["type"] == "urn:problem:request-in-progress"
        assert int(refused.headers["retry-after"]) >= 1
    assert len(staff_api.jobs.receive()) == 1


async def test_a_request_that_failed_gives_its_key_back(staff_api: StaffApi) -> None:
    await staff_api.ingest.watermarks.acquire("products", "cron", ttl=timedelta(hours=1))
    assert (await staff_api.http.post(SYNC, headers=KEY)).status_code == 409
    assert (await staff_api.http.post(SYNC, json=[], headers=KEY)).status_code == 422
    await staff_api.ingest.watermarks.release("products", "cron")
    assert (await staff_api.http.post(SYNC, headers=KEY)).status_code == 202


async def test_a_day_later_the_key_is_new(staff_api: StaffApi) -> None:
    asked: dict[str, JsonObject] = {SYNC: {"objects": ["orders"]}, CSV: {"kind": "orders"}}
    now = staff_api.bindings.clock.now()
    first = {path: await staff_api.http.post(path, json=asked[path], headers=KEY) for path in asked}
    await staff_api.work()
    staff_api.configure(clock=FixedClock(now + KEPT + timedelta(minutes=1)))
    headers = KEY | staff_api.with_token(staff_api.access.user_token(lifetime=3600 * 48))
    asked[CSV] = {"kind": "products"}
    for path, body in asked.items():
        again = await staff_api.http.post(path, json=body, headers=headers)
        assert again.status_code == 202
        assert "idempotency-replayed" not in again.headers
        assert again.headers["location"] != first[path].headers["location"]
    jobs = [parse_job(delivery.body) for delivery in staff_api.jobs.receive()]
    assert {job.job_type for job in jobs} == {
        "SHOPIFY_BULK_SYNC_START", "DOCUMENT_ARTIFACT_GENERATE",
    }  # fmt: skip


async def test_while_one_works_the_other_waits(db: Database) -> None:
    assert await begin(db, REQUEST, "att_1", at=NOW) == Reserved(NOW)
    with pytest.raises(RequestInProgress):
        await begin(db, REQUEST, "att_2", at=NOW)
    with pytest.raises(IdempotencyKeyReused):
        await begin(db, replace(REQUEST, sha256="bb"), "att_2", at=NOW)
    await finish(db, REQUEST, "att_1", ANSWER)
    assert await begin(db, REQUEST, "att_2", at=NOW) == ANSWER
    await abandon(db, REQUEST, "att_1")
    assert await begin(db, REQUEST, "att_2", at=NOW) == ANSWER, "an answer is never given back"


async def test_a_lost_attempt_is_taken_over_and_writes_nothing_any_more(db: Database) -> None:
    await begin(db, REQUEST, "att_1", at=NOW)
    later = NOW + HELD
    with pytest.raises(IdempotencyKeyReused):
        await begin(db, replace(REQUEST, sha256="bb"), "att_2", at=later)
    assert await begin(db, REQUEST, "att_2", at=later) == Reserved(NOW), "it makes the same thing"
    await finish(db, REQUEST, "att_1", ANSWER)
    await abandon(db, REQUEST, "att_1")
    with pytest.raises(RequestInProgress):
        await begin(db, REQUEST, "att_3", at=later)


async def test_expired_requests_are_removed(databases: AsyncpgDatabases) -> None:
    async with databases.open() as db:
        await begin(db, REQUEST, "att_1", at=NOW)
        await finish(db, REQUEST, "att_1", ANSWER)
        requests = IdempotentRequests(db)
        assert await requests.remove_expired(NOW + KEPT - timedelta(seconds=1), limit=10) == 0
        assert await requests.remove_expired(NOW + KEPT, limit=10) == 1
        assert isinstance(await begin(db, REQUEST, "att_2", at=NOW), Reserved)


async def test_when_a_key_was_new_is_known_until_it_is_new_again(db: Database) -> None:
    other, minute = replace(REQUEST, sha256="bb"), timedelta(minutes=1)
    await begin(db, REQUEST, "att_1", at=NOW)
    await abandon(db, REQUEST, "att_1")
    assert await begin(db, other, "att_2", at=NOW + minute) == Reserved(NOW), "an error came first"
    await finish(db, other, "att_2", ANSWER)
    with pytest.raises(IdempotencyKeyReused):
        await begin(db, REQUEST, "att_3", at=NOW + KEPT)
    later = NOW + minute + KEPT
    assert await begin(db, REQUEST, "att_3", at=later) == Reserved(later)
