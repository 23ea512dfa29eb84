"""Publishers: staff sets one up, its pages tell what readers do, and the events reach the lake."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.e2e.staff_work import new_product, read, write
from tests.e2e.target import Target

ORIGIN = "https://evening.example"


async def published(target: Target) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a publication with one item, and the key that its pages have."""
    product_id, _ = await new_product(target, "Reviewed radio")
    about = {"name": new_id("Evening Light"), "email": "e@evening.example", "status": "active"}
    publisher = await write(target, "POST", "/api/publishers", about)
    path = f"/api/publishers/{publisher['id']}"
    made = await write(
        target, "POST", f"{path}/publications", {"title": "Radios", "status": "published"}
    )
    publication = await write(
        target,
        "PUT",
        f"/api/publications/{made['id']}/items",
        {"items": [{"product_id": product_id}]},
        version=f'"{made["version"]}"',
    )
    asked = {"name": "pages", "kind": "publishable", "origins": [ORIGIN]}
    return publication, await write(target, "POST", f"{path}/api-keys", asked)


async def test_what_readers_do_is_streamed_for_the_publisher(target: Target) -> None:
    publication, key = await published(target)
    item = publication["items"][0]["id"]
    page = await target.public.get(f"/v1/publications/{publication['id']}")
    assert page.json()["items"][0]["product"]["title"] == "Reviewed radio"

    events = [{"type": kind, "item_id": item} for kind in ("impression", "view", "click")]
    answer = await target.public.post(
        "/v1/events", json={"key": key["key"], "events": events}, headers={"Origin": ORIGIN}
    )
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3), answer.text

    async def landed() -> list[str]:
        return sorted(
            event["event_type"]
            for event in await target.events("publication")
            if event["publication_id"] == publication["id"]
        )

    await target.eventually(landed, ["click", "impression", "view"])


async def test_a_key_works_where_it_may_and_as_long_as_it_may(target: Target) -> None:
    publication, key = await published(target)
    events = [{"type": "impression", "item_id": publication["items"][0]["id"]}]
    content = {"key": key["key"], "events": events}
    elsewhere = await target.public.post(
        "/v1/events", json=content, headers={"Origin": "https://evil.example"}
    )
    assert elsewhere.status_code == 403, elsewhere.text
    keys = f"/api/publishers/{publication['publisher_id']}/api-keys"
    secret = await write(target, "POST", keys, {"name": "server", "scopes": ["profile:read"]})
    own = {"Authorization": f"Bearer {secret['key']}"}
    assert (await target.public.get("/v1/publisher", headers=own)).status_code == 200
    await write(target, "DELETE", f"{keys}/{secret['id']}")
    assert (await target.public.get("/v1/publisher", headers=own)).status_code == 401
    kept = {one["id"]: one["revoked_by"] for one in (await read(target, keys))["items"]}
    assert kept == {key["id"]: None, secret["id"]: "staff@example.com"}


async def test_a_publication_is_public_only_while_it_is_published(target: Target) -> None:
    publication, _ = await published(target)
    public = f"/v1/publications/{publication['id']}"
    assert (await target.public.get(public)).status_code == 200
    held = await target.staff.get(f"/api/publications/{publication['id']}")
    content = {"title": "Radios", "status": "archived"}
    await write(
        target, "PUT", f"/api/publications/{publication['id']}", content,
        version=held.headers["etag"],
    )  # fmt: skip

    async def gone() -> bool:
        return (await target.public.get(public)).status_code == 404

    await target.eventually(gone)
