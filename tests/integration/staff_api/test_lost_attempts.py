"""A request that came to nothing half-way is carried out when it comes again under its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.idempotency.requests import KEPT
from shared.ids import derived_id
from shared.jobs import Job, parse_job
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.commissions import Books, capture, click_of, referred
from tests.fixtures.ingest import BrokenQueue
from tests.fixtures.staff_api import StaffApi

KEY = {"Idempotency-Key": "3f2c1f0e-0000-4000-8000-000000000001"}
PRODUCT = derived_id("prd", "1")
LINK = "https://www.dropbox.com/scl/fi/a1b2c3/fox.png?rlkey=x&dl=0"
CSV = "/api/csv/generate"
IMPORT = "/api/combo-logs/import"
INGEST = "/api/assets/ingest"
ASKED: dict[str, dict[str, object]] = {
    CSV: {"json": {"kind": "orders"}},
    IMPORT: {"content": "title,tags\r\nA,x;y\r\n", "headers": {"Content-Type": "text/csv"}},
    INGEST: {"json": {"product_id": PRODUCT, "dropbox_url": LINK}},
    "/api/performance-metrics/sync": {},
    "/api/products/tags/sync": {},
    "/api/tag-analytics/refresh": {},
    "/api/combo-suggestions/generate": {},
}
OTHERWISE: dict[str, dict[str, object]] = {
    CSV: {"json": {"kind": "products"}},
    IMPORT: ASKED[IMPORT] | {"content": "title,tags\r\nB,x;z\r\n"},
    INGEST: {"json": {"product_id": PRODUCT, "dropbox_url": LINK.replace("fox", "owl")}},
}


@pytest.fixture(autouse=True)
async def product(databases: AsyncpgDatabases) -> None:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, id=PRODUCT)], written_by="run_1")


async def ask(api: StaffApi, path: str, asked: dict[str, object]) -> httpx.Response:
    headers = KEY | asked.get("headers", {})  # type: ignore[operator]
    return await api.http.post(path, **(asked | {"headers": headers}))  # type: ignore[arg-type]


def taken(api: StaffApi) -> Sequence[Job]:
    """Take what is queued, as ingest would."""
    deliveries = api.jobs.receive()
    for delivery in deliveries:
        api.jobs.ack(delivery)
    return [parse_job(delivery.body) for delivery in deliveries]


@pytest.mark.parametrize("path", ASKED)
async def test_what_the_queue_did_not_take_is_queued_by_the_next_attempt(
    staff_api: StaffApi, path: str
) -> None:
    staff_api.configure(queue=BrokenQueue())
    for _ in range(2):
        assert (await ask(staff_api, path, ASKED[path])).status_code == 503
    staff_api.configure(queue=staff_api.jobs)
    again = await ask(staff_api, path, ASKED[path])
    assert again.status_code == 202
    if path in OTHERWISE:
        assert (again.json()["status"], again.json()["error"]) == ("requested", None)
    assert taken(staff_api)


@pytest.mark.parametrize("path", ASKED)
async def test_an_attempt_that_died_before_it_queued_is_made_up_for(
    staff_api: StaffApi, databases: AsyncpgDatabases, path: str
) -> None:
    first = await ask(staff_api, path, ASKED[path])
    lost = taken(staff_api)
    async with databases.open() as db:
        await db.execute("UPDATE idempotent_request SET status = NULL, held_until = created_at")
    again = await ask(staff_api, path, ASKED[path])
    assert (again.status_code, again.json()) == (202, first.json())
    assert "idempotency-replayed" not in again.headers
    assert taken(staff_api) == lost
    assert lost


@pytest.mark.parametrize("path", OTHERWISE)
async def test_a_key_that_has_made_something_else_is_refused(
    staff_api: StaffApi, path: str
) -> None:
    staff_api.configure(queue=BrokenQueue())
    await ask(staff_api, path, ASKED[path])
    staff_api.configure(queue=staff_api.jobs)
    other = await ask(staff_api, path, OTHERWISE[path])
    assert (other.status_code, other.json()["type"]) == (422, "urn:problem:idempotency-key-reused")
    assert other.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert taken(staff_api) == []
    assert (await ask(staff_api, path, ASKED[path])).status_code == 202


async def test_what_is_done_is_not_queued_again(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await ask(staff_api, CSV, ASKED[CSV])
    await staff_api.work()
    async with databases.open() as db:
        await db.execute("UPDATE idempotent_request SET status = NULL, held_until = created_at")
    assert (await ask(staff_api, CSV, ASKED[CSV])).json()["status"] == "ready"
    assert taken(staff_api) == []


async def test_a_day_later_a_key_makes_another_payout(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ordered = now - timedelta(days=20)
    books = Books(databases, FixedClock(ordered + timedelta(days=1)))
    partner = await books.partner(starts=ordered - timedelta(days=365))
    token = staff_api.access.user_token(lifetime=3600 * 48)
    headers = KEY | staff_api.with_token(token)
    asked = {"publisher_id": partner.publisher_id, "currency": "EUR"}
    payouts = set()
    for number, at in enumerate((now, now + KEPT), start=1):
        staff_api.configure(clock=FixedClock(at))
        paid = capture(number, "100.00", number, "EUR", ordered)
        click = click_of(partner, at=ordered)
        order = referred(number, click, paid, processed_at=ordered, presentment_currency="EUR")
        await books.settle(order)
        due = {"due_of_publisher": partner.publisher_id}
        assert (
            await staff_api.http.post("/api/commissions/approve", json=due, headers=headers)
        ).status_code == 200
        answer = await staff_api.http.post("/api/payouts", json=asked, headers=headers)
        assert answer.status_code == 201, answer.text
        payouts.add(answer.json()["id"])
    assert len(payouts) == 2
