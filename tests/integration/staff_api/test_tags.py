"""Staff keeps groups of tags and sorts tags into them."""

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

GROUPS = "/api/tag-groups"
BULK = "/api/tag-classifications/bulk"
UNCLASSIFIED = "/api/tag-classifications/unclassified"
AWKWARD = ['5" vinyl', "red, blue", "🎁🎄", "x" * 255]
MANY_TAGS = 5


async def store(databases: AsyncpgDatabases, *tags: str) -> None:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, tags)], written_by="run_1")


async def group(api: StaffApi, name: str) -> dict[str, str]:
    response = await api.http.post(GROUPS, json={"name": name})
    assert response.status_code == 201, response.text
    body: dict[str, str] = response.json()
    return body


async def unclassified(api: StaffApi) -> list[str]:
    return [item["name"] for item in (await api.http.get(UNCLASSIFIED)).json()["items"]]


@pytest.mark.parametrize("name", AWKWARD)
async def test_a_group_is_kept_as_it_was_named(staff_api: StaffApi, name: str) -> None:
    added = await staff_api.http.post(GROUPS, json={"name": f" {name} ", "description": name})
    assert (added.json()["name"], added.json()["description"]) == (name, name)
    assert added.json()["updated_by"] == "staff@example.com"
    read = await staff_api.http.get(added.headers["location"])
    assert read.json() == added.json()
    assert read.headers["etag"] == added.headers["etag"] == '"1"'
    again = await staff_api.http.post(GROUPS, json={"name": name.upper()})
    assert (again.status_code, again.json()["type"]) == (409, "urn:problem:tag-group-name-taken")


async def test_groups_are_walked_by_name(staff_api: StaffApi) -> None:
    for name in ("beta", "Alpha", "gamma"):
        await group(staff_api, name)
    first = (await staff_api.http.get(GROUPS, params={"limit": 2})).json()
    rest = await staff_api.http.get(GROUPS, params={"cursor": first["next_cursor"]})
    names = [item["name"] for item in first["items"] + rest.json()["items"]]
    assert names == ["Alpha", "beta", "gamma"]
    assert rest.json()["next_cursor"] is None


async def test_of_two_changes_from_one_version_the_second_is_refused(staff_api: StaffApi) -> None:
    path = f"{GROUPS}/{(await group(staff_api, 'Theme'))['id']}"
    version = {"If-Match": '"1"'}
    first = await staff_api.http.put(path, json={"name": "Themes"}, headers=version)
    second = await staff_api.http.put(path, json={"name": "Topic"}, headers=version)
    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["etag"] == '"2"' == second.headers["etag"]
    assert (await staff_api.http.put(path, json={"name": "x"})).status_code == 428
    assert (await staff_api.http.delete(path, headers=version)).status_code == 412
    assert (await staff_api.http.get(path)).json()["name"] == "Themes"


async def test_a_removed_group_leaves_its_tags_unclassified(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, "Red", "Blue")
    colour, theme = await group(staff_api, "Colour"), await group(staff_api, "Theme")
    asked = [
        {"tag": "red", "group_id": colour["id"]},
        {"tag": "Blue", "group_id": theme["id"]},
    ]
    await staff_api.http.post(BULK, json={"assignments": asked})
    path = f"{GROUPS}/{colour['id']}"
    read = await staff_api.http.get(path)
    assert read.json()["tags"] == 1
    removed = await staff_api.http.delete(path, headers={"If-Match": read.headers["etag"]})
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await staff_api.http.get(path)).status_code == 404
    assert await unclassified(staff_api) == ["Red"]


async def test_any_tags_are_classified_at_once_and_by_whom_is_kept(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, *AWKWARD, "rest")
    theme = await group(staff_api, "Theme")
    asked = {"assignments": [{"tag": tag, "group_id": theme["id"]} for tag in AWKWARD]}
    done = await staff_api.http.post(BULK, json=asked)
    assert (done.status_code, done.json()) == (200, {"classified": 4, "unchanged": 0})
    assert (await staff_api.http.post(BULK, json=asked)).json()["unchanged"] == len(AWKWARD)
    assert await unclassified(staff_api) == ["rest"]
    async with databases.open() as db:
        by = await db.fetch_all("SELECT classified_by, count(*) AS n FROM product_tag GROUP BY 1")
    assert {row["classified_by"]: row["n"] for row in by} == {"staff@example.com": 4, None: 1}
    out = {"assignments": [{"tag": AWKWARD[0], "group_id": None}]}
    assert (await staff_api.http.post(BULK, json=out)).json()["classified"] == 1
    assert sorted(await unclassified(staff_api)) == sorted([AWKWARD[0], "rest"])


async def test_a_classification_with_a_fault_changes_nothing_and_names_it(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, "Red", "Blue")
    theme = await group(staff_api, "Theme")
    asked = [
        {"tag": "red", "group_id": theme["id"]},
        {"tag": "no such tag", "group_id": theme["id"]},
        {"tag": "blue", "group_id": made.order_id(1)},
        {"tag": "RED", "group_id": None},
    ]
    refused = await staff_api.http.post(BULK, json={"assignments": asked})
    assert refused.status_code == 422
    assert [problem["pointer"] for problem in refused.json()["errors"]] == [
        "/assignments/1/tag",
        "/assignments/2/group_id",
        "/assignments/3/tag",
    ]
    assert await unclassified(staff_api) == ["Blue", "Red"]


async def test_the_unclassified_are_walked_with_their_products(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, *(f"t{n}" for n in range(MANY_TAGS)))
    names, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await staff_api.http.get(UNCLASSIFIED, params=asked)).json()
        assert {item["products"] for item in page["items"]} == {1}
        names += [item["name"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert names == [f"t{n}" for n in range(MANY_TAGS)]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{GROUPS}?limit=10000", None, 400),
        ("GET", f"{UNCLASSIFIED}?cursor=x", None, 400),
        ("GET", f"{GROUPS}/{made.order_id(1)}", None, 404),
        ("DELETE", f"{GROUPS}/prd_1", None, 404),
        ("POST", GROUPS, '{"name": "  "}', 422),
        ("POST", GROUPS, '{"name": "a\\u0000"}', 422),
        ("POST", GROUPS, '{"name": "\\ud800"}', 422),
        ("POST", GROUPS, '{"name": "%s"}' % ("x" * 256), 422),
        ("POST", BULK, '{"assignments": []}', 422),
        ("POST", BULK, '{"assignments": [{"tag": "a", "group_id": "\\u0000"}]}', 422),
    ],
)
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, method: str, path: str, body: str | None, status: int
) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    response = await staff_api.http.request(method, path, content=body, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
