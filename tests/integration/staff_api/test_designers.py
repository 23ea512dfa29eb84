"""Staff says whose tags are whose, and sees what that sold."""

from urllib.parse import quote

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.performance.repository import ProductDimension
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

PATH = "/api/designers"
AWKWARD = ['O\'Neil "Zoë", 🎁', "a/b?c#d%2F", "x" * 255]


async def store(databases: AsyncpgDatabases, *tags: str) -> None:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, tags)], written_by="run_1")


async def assign(api: StaffApi, designer: str, *tags: str) -> int:
    response = await api.http.post(f"{PATH}/assign", json={"designer": designer, "tags": tags})
    return response.status_code


async def kept(api: StaffApi) -> dict[str, list[str]]:
    items = (await api.http.get(f"{PATH}/names")).json()["items"]
    return {item["name"]: item["tags"] for item in items}


async def test_designers_are_listed_with_the_sales_of_their_products(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, "Summer", "Rain", "Snow")
    assert await assign(staff_api, "Ann", "summer", "RAIN") == 200
    assert await assign(staff_api, "Bo", "Snow") == 200
    body = (
        await staff_api.http.get(PATH, params={"from": "2026-11-19", "to": "2026-11-20"})
    ).json()
    ann, bo = body["items"]
    assert (ann["name"], ann["tags"]) == ("Ann", ["Rain", "Summer"])
    assert (ann["sales"]["products"], ann["sales"]["active_products"]) == (3, 2)
    assert (ann["sales"]["units"], ann["sales"]["revenue_minor"]) == (12, 6_000)
    assert (bo["name"], bo["sales"]["units"], bo["sales"]["products"]) == ("Bo", 0, 0)
    assert (body["as_of"], body["currency"]) == ("2026-11-20", "USD")


@pytest.mark.parametrize("method", ["designers", "tags"])
@pytest.mark.parametrize(
    ("days", "status"),
    [
        ({"to": "0001-01-01"}, 200),
        ({"from": "9999-12-31", "to": "9999-12-31"}, 200),
        ({"from": "9999-12-31"}, 400),
        ({"from": "2026-11-20", "to": "2026-11-01"}, 400),
    ],
)
async def test_days_that_cannot_be_are_called_as_they_were_asked(
    staff_api: StaffApi, method: str, days: dict[str, str], status: int
) -> None:
    if method == "designers":
        response = await staff_api.http.get(PATH, params=days)
    else:
        response = await staff_api.http.post("/api/tag-analytics/performance", json=days)
    assert response.status_code == status, response.text
    if status == 400:
        assert [problem["pointer"] for problem in response.json()["errors"]] == ["/from"]


async def test_they_are_walked_by_name(staff_api: StaffApi, databases: AsyncpgDatabases) -> None:
    await store(databases, "a", "b", "c")
    for name, tag in (("cy", "a"), ("Ann", "b"), ("bo", "c")):
        await assign(staff_api, name, tag)
    for path in (PATH, f"{PATH}/names"):
        first = (await staff_api.http.get(path, params={"limit": 2})).json()
        rest = await staff_api.http.get(path, params={"cursor": first["next_cursor"]})
        found = [item["name"] for item in first["items"] + rest.json()["items"]]
        assert found == ["Ann", "bo", "cy"]


async def test_the_next_refresh_reads_the_assignment(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, "Summer")
    await assign(staff_api, "Ann", "Summer")
    async with databases.open() as db:
        [row] = await ProductDimension(db, timezone="UTC").page()
        assert row.designer == "Ann"
        await staff_api.http.delete(f"{PATH}/Ann")
        [row] = await ProductDimension(db, timezone="UTC").page()
        assert row.designer is None


async def test_a_tag_is_one_designers_at_a_time(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, "Summer", "Rain")
    assert await assign(staff_api, "Ann", "Summer") == 200
    assert await assign(staff_api, "ANN", "Summer", "Rain") == 200
    assert await kept(staff_api) == {"Ann": ["Rain", "Summer"]}
    assert await assign(staff_api, "Bo", "Rain") == 409
    asked = {"designer": "ann", "tag": ["rain", "no such"]}
    assert (await staff_api.http.delete(f"{PATH}/unassign", params=asked)).status_code == 404
    assert await kept(staff_api) == {"Ann": ["Rain", "Summer"]}
    asked = {"designer": "ann", "tag": ["rain"]}
    assert (await staff_api.http.delete(f"{PATH}/unassign", params=asked)).status_code == 204
    assert await assign(staff_api, "Bo", "Rain") == 200
    assert await kept(staff_api) == {"Ann": ["Summer"], "Bo": ["Rain"]}


@pytest.mark.parametrize("name", AWKWARD)
async def test_any_name_can_be_removed_and_who_did_it_is_kept(
    staff_api: StaffApi, databases: AsyncpgDatabases, name: str
) -> None:
    await store(databases, *AWKWARD)
    assert await assign(staff_api, name, *AWKWARD) == 200
    path = f"{PATH}/{quote(name, safe='')}"
    assert (await staff_api.http.delete(path)).status_code == 204
    assert (await staff_api.http.delete(path)).status_code == 404
    assert await kept(staff_api) == {}
    async with databases.open() as db:
        rows = await db.fetch_all("SELECT status, updated_by FROM macrodata_artifact")
    assert {tuple(row.values()) for row in rows} == {("removed", "staff@example.com")}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"designer": "unassign", "tags": ["Summer"]}, "/designer"),
        ({"designer": " ", "tags": ["Summer"]}, "/designer"),
        ({"designer": "x" * 256, "tags": ["Summer"]}, "/designer"),
        ({"designer": "Ann", "tags": []}, "/tags"),
        ({"designer": "Ann", "tags": ["Summer", "no such tag"]}, "/tags/1"),
    ],
)
async def test_what_cannot_be_assigned_is_named(
    staff_api: StaffApi, databases: AsyncpgDatabases, asked: dict[str, object], pointer: str
) -> None:
    await store(databases, "Summer")
    response = await staff_api.http.post(f"{PATH}/assign", json=asked)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer
    assert await kept(staff_api) == {}


@pytest.mark.parametrize("query", ["?limit=10000", "?from=x", "?cursor=x", "?from=2020-01-01"])
async def test_a_list_that_cannot_be_is_refused(staff_api: StaffApi, query: str) -> None:
    assert (await staff_api.http.get(PATH + query)).status_code == 400
