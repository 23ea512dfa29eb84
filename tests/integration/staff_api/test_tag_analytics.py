"""Staff sees what tags and tag groups sell."""

from urllib.parse import quote

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.jobs import MeasurementDatasetRefresh, parse_job
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

PATH = "/api/tag-analytics"
NAME = 'Theme/"1", 🎁'


async def classified(api: StaffApi, databases: AsyncpgDatabases, *tags: str) -> str:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, tags)], written_by="run_1")
    added = await api.http.post("/api/tag-groups", json={"name": NAME})
    group_id: str = added.json()["id"]
    asked = [{"tag": tag, "group_id": group_id} for tag in tags]
    await api.http.post("/api/tag-classifications/bulk", json={"assignments": asked})
    return group_id


async def test_tags_are_measured_the_best_first(staff_api: StaffApi) -> None:
    body = (await staff_api.http.post(f"{PATH}/performance", json={"limit": 3})).json()
    assert [(item["name"], item["units"]) for item in body["items"]] == [
        ("all", 63),
        ("t6", 18),
        ("t5", 15),
    ]
    assert body["total"]["products"] == 7
    asked = {"limit": 3, "cursor": body["next_cursor"]}
    rest = (await staff_api.http.post(f"{PATH}/performance", json=asked)).json()
    assert [item["name"] for item in rest["items"]] == ["t4", "t3", "t2"]


async def test_of_some_tags_and_days_only(staff_api: StaffApi) -> None:
    asked = {"tags": ["T2", "t3", "🎁"], "from": "2026-11-20", "to": "2026-11-20", "sort": "name"}
    body = (await staff_api.http.post(f"{PATH}/performance", json=asked)).json()
    assert [(item["name"], item["units"]) for item in body["items"]] == [("t2", 2), ("t3", 3)]
    assert (body["total"]["units"], body["total"]["products"]) == (5, 2)


async def test_a_group_spreads_over_its_tags(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    group_id = await classified(staff_api, databases, "t1", "t3", "never sold")
    by_id = await staff_api.http.get(f"{PATH}/group-performance/{group_id}")
    by_name = await staff_api.http.get(f"{PATH}/distribution/{quote(NAME.upper(), safe='')}")
    assert by_id.status_code == 200, by_id.text
    assert by_name.json() == by_id.json()
    body = by_id.json()
    assert (body["group"]["name"], body["group"]["tags"]) == (NAME, 3)
    assert (body["total"]["units"], body["total"]["products"]) == (12, 2)
    assert [(i["name"], i["share_of_units"], i["share_of_products"]) for i in body["items"]] == [
        ("t3", 0.75, 0.5),
        ("t1", 0.25, 0.5),
    ]


async def test_a_group_without_tags_sold_nothing(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    group_id = await classified(staff_api, databases)
    body = (await staff_api.http.get(f"{PATH}/group-performance/{group_id}")).json()
    assert (body["items"], body["total"]["products"]) == ([], 0)


async def test_a_refresh_is_queued(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "the-same-key"}
    first = await staff_api.http.post(f"{PATH}/refresh", headers=key)
    second = await staff_api.http.post(f"{PATH}/refresh", headers=key)
    assert (first.status_code, first.json()) == (202, second.json())
    run_id = first.json()["run_id"]
    assert first.headers["location"] == f"/api/ingest/runs/{run_id}"
    jobs = [parse_job(delivery.body) for delivery in staff_api.jobs.receive()]
    wanted = MeasurementDatasetRefresh(run_id=run_id, requested_by="staff@example.com")
    assert jobs == [wanted]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/group-performance/prd_1", None, 404),
        ("GET", "/distribution/no-such-group", None, 404),
        ("GET", "/distribution/a%00", None, 400),
        ("POST", "/performance", {"limit": 10_000}, 422),
        ("POST", "/performance", {"tags": []}, 422),
        ("POST", "/performance", {"tags": ["x" * 256]}, 422),
        ("POST", "/performance", {"cursor": "x"}, 400),
        ("POST", "/performance", {"from": "2020-01-01"}, 400),
    ],
)
async def test_what_cannot_be_measured_is_refused(
    staff_api: StaffApi, method: str, path: str, body: object, status: int
) -> None:
    response = await staff_api.http.request(method, PATH + path, json=body)
    assert response.status_code == status, response.text
