"""Measures that staff sets by hand stand in for the computed ones until staff ends them."""

from datetime import UTC, date, datetime

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.errors import PreconditionFailed
from shared.performance.overrides import (
    ManualDraft,
    add_manual,
    change_manual,
    get_manual,
    remove_manual,
)
from shared.performance.repository import ProductDimension
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.measurement import Lab, event
from tests.fixtures.staff_api import StaffApi

PATH = "/api/performance-metrics"
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEASURES = {"sales_last_7_days": 70, "nominal_classification": "winner"}


async def store(databases: AsyncpgDatabases) -> None:
    products = [made.product(n, id=f"prd_{n}") for n in (1, 2)]
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots(products, written_by="run_1")


async def refresh(lab: Lab, databases: AsyncpgDatabases) -> None:
    async with databases.open() as db:
        rows = await ProductDimension(db, timezone="UTC").page()
    lab.dimension = [row.model_dump(mode="json") for row in rows]
    await lab.refresh(DAY)


async def measures(api: StaffApi, product_id: str) -> tuple[bool, int, str]:
    items = (await api.http.get(PATH)).json()["items"]
    [row] = [item for item in items if item["product_id"] == product_id]
    return row["is_manual"], row["sales_last_7_days"], row["nominal_classification"]


async def add(api: StaffApi, product_id: str = "prd_1") -> str:
    draft = {"product_id": product_id, "measures": MEASURES}
    response = await api.http.post(PATH, json=draft)
    assert response.status_code == 201, response.text
    assert response.json()["created_by"] == "staff@example.com"
    return response.headers["etag"]


async def test_they_survive_every_refresh_and_are_marked(
    staff_api: StaffApi, databases: AsyncpgDatabases, lab: Lab
) -> None:
    staff_api.configure(measurement=lab.engine)
    await store(databases)
    lab.append([event("e1", "prd_1", NOON, quantity=3), event("e2", "prd_2", NOON, quantity=2)])
    await refresh(lab, databases)
    computed = await measures(staff_api, "prd_1")
    assert computed[:2] == (False, 3)
    version = await add(staff_api)
    await refresh(lab, databases)
    assert await measures(staff_api, "prd_1") == (True, 70, "winner")
    lab.append([event("e3", "prd_1", NOON, quantity=5)])
    await refresh(lab, databases)
    assert await measures(staff_api, "prd_1") == (True, 70, "winner")
    assert (await measures(staff_api, "prd_2"))[:2] == (False, 2)
    await staff_api.http.delete(f"{PATH}/prd_1", headers={"If-Match": version})
    await refresh(lab, databases)
    assert (await measures(staff_api, "prd_1"))[:2] == (False, 8)


async def test_of_two_changes_from_one_version_the_second_is_refused(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases)
    version = {"If-Match": await add(staff_api)}
    path = f"{PATH}/prd_1"
    first = await staff_api.http.put(path, json={"sales_last_7_days": 1}, headers=version)
    second = await staff_api.http.put(path, json={"sales_last_7_days": 2}, headers=version)
    assert (first.status_code, second.status_code) == (200, 412)
    assert (await staff_api.http.delete(path, headers=version)).status_code == 412
    assert (await staff_api.http.delete(path)).status_code == 428
    read = await staff_api.http.get(path)
    assert read.json() == first.json()
    assert read.json()["measures"]["sales_last_7_days"] == 1
    assert read.json()["measures"]["nominal_classification"] is None


async def test_ended_ones_can_be_set_again_and_who_ended_them_is_kept(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases)
    for _ in range(2):
        version = {"If-Match": await add(staff_api)}
        again = await staff_api.http.post(PATH, json={"product_id": "prd_1", "measures": MEASURES})
        assert again.status_code == 409
        ended = await staff_api.http.delete(f"{PATH}/prd_1", headers=version)
        assert ended.status_code == 204
        assert (await staff_api.http.get(f"{PATH}/prd_1")).status_code == 404
    async with databases.open() as db:
        rows = await db.fetch_all("SELECT status, updated_by FROM macrodata_artifact")
    assert [tuple(row.values()) for row in rows] == [("removed", "staff@example.com")] * 2


async def test_who_read_those_that_were_ended_cannot_change_the_next(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases)
    path, stale = f"{PATH}/prd_1", {"If-Match": await add(staff_api)}
    assert (await staff_api.http.delete(path, headers=stale)).status_code == 204
    version = {"If-Match": await add(staff_api)}
    late = await staff_api.http.put(path, json={"sales_last_7_days": 2}, headers=stale)
    assert late.status_code == 412
    assert late.headers["etag"] == version["If-Match"]
    assert (await staff_api.http.delete(path, headers=stale)).status_code == 412
    read = await staff_api.http.get(path)
    assert read.headers["etag"] == version["If-Match"]
    assert read.json()["measures"]["sales_last_7_days"] == 70
    changed = await staff_api.http.put(path, json={"sales_last_7_days": 2}, headers=version)
    assert changed.status_code == 200
    assert changed.headers["etag"] not in (version["If-Match"], stale["If-Match"])


async def test_those_that_end_while_they_are_changed_are_not_changed(
    databases: AsyncpgDatabases,
) -> None:
    await store(databases)
    draft = ManualDraft.model_validate({"product_id": "prd_1", "measures": MEASURES})
    async with databases.open() as db:
        read = await add_manual(db, draft, at=NOON, by="ann")
        await remove_manual(db, read, at=NOON, by="bo")
        await add_manual(db, draft, at=NOON, by="bo")
        with pytest.raises(PreconditionFailed):
            await change_manual(db, read, draft.measures, at=NOON, by="ann")
        with pytest.raises(PreconditionFailed):
            await remove_manual(db, read, at=NOON, by="ann")
        assert (await get_manual(db, "prd_1")).created_by == "bo"


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"product_id": "prd_9", "measures": MEASURES}, "/product_id"),
        ({"product_id": made.order_id(1), "measures": MEASURES}, "/product_id"),
        ({"product_id": "prd_1", "measures": {}}, "/measures"),
        ({"product_id": "prd_1", "measures": {"sales_last_7_days": None}}, "/measures"),
        ({"product_id": "prd_1", "measures": {"sales_last_7_days": 2**60}}, None),
        ({"product_id": "prd_1", "measures": {"rank": 1}}, "/measures/rank"),
    ],
)
async def test_what_cannot_be_set_is_named(
    staff_api: StaffApi, databases: AsyncpgDatabases, draft: dict[str, object], pointer: str | None
) -> None:
    await store(databases)
    response = await staff_api.http.post(PATH, json=draft)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == (pointer or "/measures/sales_last_7_days")
    assert (await staff_api.http.get(f"{PATH}/prd_1")).status_code == 404
