"""Staff keeps publishers, what they publish and what they earn by."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import SystemClock
from shared.http.pagination import encode_cursor
from shared.ports import Database
from tests.fixtures.platform_api import product, write_products
from tests.fixtures.staff_api import StaffApi

PUBLISHER = {"name": "Reader", "email": "a@b.example"}


async def created(staff_api: StaffApi, path: str, content: dict[str, Any]) -> dict[str, Any]:
    answer = await staff_api.http.post(path, json=content)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("path", "content", "change"),
    [
        ("/api/publishers", PUBLISHER, {"status": "active"}),
        ("/api/programs", {"name": "Standard"}, {"status": "active", "attribution_days": 7}),
        ("/api/publishers/{id}/ad-servers", {"name": "Letter"}, {"status": "inactive"}),
        ("/api/publishers/{id}/publications", {"title": "Best"}, {"description": "All of it"}),
    ],
)
async def test_each_is_created_listed_read_and_changed_from_the_version_that_was_read(
    staff_api: StaffApi, path: str, content: dict[str, Any], change: dict[str, Any]
) -> None:
    if "{id}" in path:
        path = path.format(id=(await created(staff_api, "/api/publishers", PUBLISHER))["id"])
    answer = await staff_api.http.post(path, json=content)
    assert answer.status_code == 201, answer.text
    made, where = answer.json(), answer.headers["location"]
    assert made["created_by"] == made["updated_by"] == "staff@example.com"
    read = await staff_api.http.get(where)
    assert read.json() == made | {name: [] for name in ("items",) if name in read.json()}
    listing = "/api/publications" if "publications" in path else path
    listed = (await staff_api.http.get(listing)).json()["items"]
    assert listed == [made]
    status = {"status": made["status"]}
    assert (await staff_api.http.get(listing, params=status)).json()["items"] == [made]
    headers = {"If-Match": read.headers["etag"]}
    assert (await staff_api.http.put(where, json=content | change)).status_code == 428
    changed = await staff_api.http.put(where, json=content | change, headers=headers)
    assert changed.status_code == 200, changed.text
    assert changed.json().items() >= change.items()
    assert changed.json()["version"] == made["version"] + 1
    second = await staff_api.http.put(where, json=content, headers=headers)
    assert second.status_code == 412
    assert second.headers["etag"] == changed.headers["etag"]
    missing = await staff_api.http.put(where[:-4] + "0000", json=content, headers=headers)
    assert missing.status_code == 404


async def test_names_are_taken_in_any_case(staff_api: StaffApi) -> None:
    await created(staff_api, "/api/publishers", PUBLISHER)
    again = await staff_api.http.post("/api/publishers", json=PUBLISHER | {"name": "READER"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("path", "content", "pointer"),
    [
        ("/api/publishers", PUBLISHER | {"website_url": "javascript:alert(1)"}, "/website_url"),
        ("/api/publishers", PUBLISHER | {"name": "  "}, "/name"),
        ("/api/publishers", PUBLISHER | {"name": "a\x00b"}, "/name"),
        ("/api/publishers", PUBLISHER | {"colour": "red"}, "/colour"),
        ("/api/programs", {"name": "P", "hold_days": 2**40}, "/hold_days"),
        ("/api/publishers/{id}/publications", {"title": "T", "program_id": "prg_0"}, "/program_id"),
        ("/api/publishers/{id}/publications", {"title": "T", "ad_server_id": "ads_0"},
         "/ad_server_id"),
        ("/api/publishers/{id}/api-keys", {"name": "k", "scopes": ["admin"]}, "/scopes/0"),
        ("/api/publishers/{id}/api-keys", {"name": "k", "expires_at": "2020-01-01T00:00:00Z"},
         "/expires_at"),
        ("/api/publishers/{id}/api-keys", {"name": "k", "kind": "publishable"}, ""),
        ("/api/publishers/{id}/api-keys", {"name": "k", "origins": ["https://a.example"]}, ""),
        ("/api/publishers/{id}/oauth-clients", {"name": "c", "scopes": []}, "/scopes"),
    ],
)  # fmt: skip
async def test_what_is_not_valid_is_named(
    staff_api: StaffApi, path: str, content: dict[str, Any], pointer: str
) -> None:
    if "{id}" in path:
        path = path.format(id=(await created(staff_api, "/api/publishers", PUBLISHER))["id"])
    answer = await staff_api.http.post(path, json=content)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_ad_server_of_another_publisher_is_refused(staff_api: StaffApi) -> None:
    mine = await created(staff_api, "/api/publishers", PUBLISHER)
    other = await created(staff_api, "/api/publishers", PUBLISHER | {"name": "Other"})
    foreign = await created(
        staff_api, f"/api/publishers/{other['id']}/ad-servers", {"name": "Letter"}
    )
    answer = await staff_api.http.post(
        f"/api/publishers/{mine['id']}/publications",
        json={"title": "T", "ad_server_id": foreign["id"]},
    )
    assert answer.status_code == 422


async def test_items_keep_their_order_and_their_ids(staff_api: StaffApi, db: Database) -> None:
    await write_products(db, *(product(n) for n in range(1, 4)))
    publisher = await created(staff_api, "/api/publishers", PUBLISHER)
    made = await created(
        staff_api, f"/api/publishers/{publisher['id']}/publications", {"title": "Best"}
    )
    path, version = f"/api/publications/{made['id']}/items", made["version"]
    kept: list[dict[str, str]] = []
    for order in (("prd_1", "prd_2", "prd_3"), ("prd_3",), ("prd_2", "prd_3", "prd_1")):
        answer = await staff_api.http.put(
            path,
            json={"items": [{"product_id": one, "note": f"of {one}"} for one in order]},
            headers={"If-Match": f'"{version}"'},
        )
        assert answer.status_code == 200, answer.text
        version = answer.json()["version"]
        items = answer.json()["items"]
        assert [item["product_id"] for item in items] == list(order)
        assert [item["note"] for item in items] == [f"of {one}" for one in order]
        kept.append({item["product_id"]: item["id"] for item in items})
    assert kept[0] == kept[2]
    assert version == made["version"] + 3
    bad: tuple[tuple[str, ...], ...] = (("prd_1", "prd_1"), ("prd_9",))
    for order in bad:
        answer = await staff_api.http.put(
            path,
            json={"items": [{"product_id": one} for one in order]},
            headers={"If-Match": f'"{version}"'},
        )
        assert answer.status_code == 422, order
    stale = await staff_api.http.put(path, json={"items": []}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_the_first_publication_is_noted_once(staff_api: StaffApi) -> None:
    publisher = await created(staff_api, "/api/publishers", PUBLISHER)
    made = await created(
        staff_api, f"/api/publishers/{publisher['id']}/publications", {"title": "Best"}
    )
    assert made["published_at"] is None
    instants = []
    for version, status in enumerate(("published", "archived", "published"), start=1):
        answer = await staff_api.http.put(
            f"/api/publications/{made['id']}",
            json={"title": "Best", "status": status},
            headers={"If-Match": f'"{version}"'},
        )
        instants.append(answer.json()["published_at"])
    assert instants[0] is not None
    assert len(set(instants)) == 1


async def walked(staff_api: StaffApi, path: str, *, limit: int = 2) -> list[dict[str, Any]]:
    """Return all items of a list, read page by page."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        answer = await staff_api.http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert 0 < len(page["items"]) <= limit
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return found
        asked["cursor"] = cursor


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/api/publishers/{id}/api-keys", {"name": "site", "scopes": ["profile:read"]}),
        ("/api/publishers/{id}/oauth-clients", {"name": "app", "scopes": ["profile:read"]}),
    ],
)
async def test_credentials_come_in_pages(
    staff_api: StaffApi, path: str, content: dict[str, Any]
) -> None:
    path = path.format(id=(await created(staff_api, "/api/publishers", PUBLISHER))["id"])
    made = [(await created(staff_api, path, content))["id"] for _ in range(5)]
    assert [one["id"] for one in await walked(staff_api, path)] == made[::-1]
    for wrong in ({"cursor": "e30"}, {"limit": 201}, {"page": 1}):
        assert (await staff_api.http.get(path, params=wrong)).status_code == 400, wrong


async def test_rates_come_in_pages_even_if_they_start_together(staff_api: StaffApi) -> None:
    path = f"/api/programs/{(await created(staff_api, '/api/programs', {'name': 'P'}))['id']}/rates"
    publisher = await created(staff_api, "/api/publishers", PUBLISHER)
    start = (SystemClock().now() + timedelta(days=1)).isoformat()
    for of in ({"publisher_id": publisher["id"]}, {}):
        await created(staff_api, path, {"basis_points": 100, "effective_from": start, **of})
        await created(staff_api, path, {"basis_points": 200, **of})
    every = (await staff_api.http.get(path)).json()["items"]
    assert [one["basis_points"] for one in every] == [100, 100, 200, 200]
    assert await walked(staff_api, path, limit=1) == every


async def test_items_come_in_pages(staff_api: StaffApi, db: Database) -> None:
    await write_products(db, *(product(n) for n in range(1, 6)))
    publisher = await created(staff_api, "/api/publishers", PUBLISHER)
    made = await created(
        staff_api, f"/api/publishers/{publisher['id']}/publications", {"title": "Best"}
    )
    path = f"/api/publications/{made['id']}/items"
    order = [{"product_id": f"prd_{n}"} for n in (3, 1, 5, 2, 4)]
    put = await staff_api.http.put(path, json={"items": order}, headers={"If-Match": '"1"'})
    assert await walked(staff_api, path) == put.json()["items"]
    for cursor in ("e30", encode_cursor({"after": -1}), encode_cursor({"after": 2**40})):
        assert (await staff_api.http.get(path, params={"cursor": cursor})).status_code == 400
    assert (await staff_api.http.get("/api/publications/pbl_0/items")).status_code == 404


async def test_a_rate_that_has_started_stays(staff_api: StaffApi) -> None:
    program = await created(staff_api, "/api/programs", {"name": "Standard"})
    path = f"/api/programs/{program['id']}/rates"
    now = SystemClock().now()
    started = await created(staff_api, path, {"basis_points": 500})
    later = {"basis_points": 700, "effective_from": (now + timedelta(days=1)).isoformat()}
    to_come = await created(staff_api, path, later)
    assert (await staff_api.http.post(path, json=later)).status_code == 409
    for wrong in (
        {"basis_points": 10_001},
        {"basis_points": -1},
        {"basis_points": 1, "effective_from": (now - timedelta(days=1)).isoformat()},
        {"basis_points": 1, "effective_from": "2030-01-01T00:00:00"},
        {"basis_points": 1, "publisher_id": "pub_0"},
    ):
        assert (await staff_api.http.post(path, json=wrong)).status_code == 422, wrong
    assert (await staff_api.http.get(path)).json()["items"] == [to_come, started]
    assert (await staff_api.http.delete(f"{path}/{started['id']}")).status_code == 409
    assert (await staff_api.http.delete(f"{path}/{to_come['id']}")).status_code == 204
    assert (await staff_api.http.delete(f"{path}/{to_come['id']}")).status_code == 404
    assert (await staff_api.http.get(path)).json()["items"] == [started]


async def test_revoking_again_changes_nothing(staff_api: StaffApi) -> None:
    publisher = await created(staff_api, "/api/publishers", PUBLISHER)
    path = f"/api/publishers/{publisher['id']}/api-keys"
    key = await created(staff_api, path, {"name": "site", "scopes": ["profile:read"]})
    assert key["key"].startswith("bk_live_")
    first = await staff_api.http.delete(f"{path}/{key['id']}")
    second = await staff_api.http.delete(f"{path}/{key['id']}")
    assert first.json() == second.json()
    assert first.json()["revoked_by"] == "staff@example.com"
    assert (await staff_api.http.get(path)).json()["items"] == [first.json()]
    assert (await staff_api.http.delete(f"{path}/key_0")).status_code == 404
    assert (await staff_api.http.get("/api/publishers/pub_0/api-keys")).status_code == 404
