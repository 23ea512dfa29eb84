"""The classification settings change only from the version that was read."""

import pytest

from tests.fixtures.staff_api import PRODUCTS, StaffApi

PATH = "/api/performance-metrics/settings/classification"


async def test_a_change_makes_a_new_version(staff_api: StaffApi) -> None:
    read = await staff_api.http.get(PATH)
    spec = read.json()["spec"] | {"threshold_30d": 99}
    changed = await staff_api.http.put(PATH, json=spec, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["spec"] == spec
    assert changed.json()["version"] > read.json()["version"]
    assert changed.json()["updated_by"] == "staff@example.com"
    again = await staff_api.http.get(PATH)
    assert again.json() == changed.json()
    assert again.headers["etag"] == changed.headers["etag"] != read.headers["etag"]


async def test_of_two_changes_from_one_version_the_second_is_refused(staff_api: StaffApi) -> None:
    read = await staff_api.http.get(PATH)
    headers = {"If-Match": read.headers["etag"]}
    spec = read.json()["spec"]
    first = await staff_api.http.put(PATH, json=spec | {"w7": 0.7}, headers=headers)
    second = await staff_api.http.put(PATH, json=spec | {"w7": 0.9}, headers=headers)
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.headers["etag"] == first.headers["etag"]
    assert (await staff_api.http.get(PATH)).json()["spec"]["w7"] == 0.7


async def test_a_change_must_say_its_version(staff_api: StaffApi) -> None:
    spec = (await staff_api.http.get(PATH)).json()["spec"]
    response = await staff_api.http.put(PATH, json=spec)
    assert response.status_code == 428
    assert response.json()["type"] == "urn:problem:precondition-required"


async def test_a_reader_with_the_version_gets_no_body(staff_api: StaffApi) -> None:
    read = await staff_api.http.get(PATH)
    again = await staff_api.http.get(PATH, headers={"If-None-Match": read.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == read.headers["etag"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"threshold_7d": -1}, "/threshold_7d"),
        ({"threshold_7d": "many"}, "/threshold_7d"),
        ({"basis": "profit"}, "/basis"),
        ({"w7": 0, "w14": 0, "w30": 0}, ""),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_spec_that_is_not_valid_is_named(
    staff_api: StaffApi, change: dict[str, object], pointer: str
) -> None:
    read = await staff_api.http.get(PATH)
    response = await staff_api.http.put(
        PATH, json=read.json()["spec"] | change, headers={"If-Match": read.headers["etag"]}
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer
    assert (await staff_api.http.get(PATH)).json() == read.json()


async def test_other_settings_are_tried_before_they_are_saved(staff_api: StaffApi) -> None:
    before = await staff_api.http.get(PATH)
    asked = before.json()["spec"] | {"threshold_30d": 1, "threshold_7d": 10_000}
    tried = await staff_api.http.post(f"{PATH}/preview", json=asked)
    preview = tried.json()
    assert tried.status_code == 200, tried.text
    assert preview["products"] == PRODUCTS
    assert preview["changed"] == sum(item["products"] for item in preview["transitions"]) > 0
    assert preview["after"]["winner"] == PRODUCTS - 1
    assert (await staff_api.http.get(PATH)).json() == before.json()
    wrong = await staff_api.http.post(f"{PATH}/preview", json=asked | {"stale_days": 0})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/stale_days")
