"""Publishers: staff sets one up, its pages tell what readers do, and what that sells earns."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.ids import new_id
from tests.e2e.flows import second_over
from tests.e2e.staff_work import new_product, read, write
from tests.e2e.target import Target

ORIGIN = "https://evening.example"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def published(target: Target, **terms: str) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return a publication with one item, the key of its pages, and the variant in the shop."""
    product_id, variant = await new_product(target, "Reviewed radio")
    about = {"name": new_id("Evening Light"), "email": "e@evening.example", "status": "active"}
    publisher = await write(target, "POST", "/api/publishers", about)
    path = f"/api/publishers/{publisher['id']}"
    made = await write(
        target, "POST", f"{path}/publications", {"title": "Radios", "status": "published", **terms}
    )
    publication = await write(
        target,
        "PUT",
        f"/api/publications/{made['id']}/items",
        {"items": [{"product_id": product_id}]},
        version=f'"{made["version"]}"',
    )
    asked = {"name": "pages", "kind": "publishable", "origins": [ORIGIN]}
    return publication, await write(target, "POST", f"{path}/api-keys", asked), variant


async def reading(target: Target, publication: dict[str, Any], *scopes: str) -> dict[str, str]:
    """Return what the publisher's server shows to read its own."""
    keys = f"/api/publishers/{publication['publisher_id']}/api-keys"
    made = await write(target, "POST", keys, {"name": "server", "scopes": scopes})
    return {"Authorization": f"Bearer {made['key']}"}


async def bought_through(target: Target, item: str, variant: int) -> dict[str, Any]:
    """Follow the link of an item into the shop and buy three units there."""
    link = await target.public.get(f"/v1/r/{item}", headers=BROWSER)
    click = parse_qs(urlsplit(link.headers["location"]).query)["click_id"][0]
    await second_over(target)  # the shop tells time in seconds: it is bought after the click
    return await target.shop.place_order((variant, 3), attributes=[("click_id", click)])


async def test_what_readers_do_is_streamed_for_the_publisher(target: Target) -> None:
    publication, key, _ = await published(target)
    item = publication["items"][0]["id"]
    page = await target.public.get(f"/v1/publications/{publication['id']}")
    assert page.json()["items"][0]["product"]["title"] == "Reviewed radio"

    events = [{"type": kind, "item_id": item} for kind in ("impression", "view", "click")]
    answer = await target.public.post(
        "/v1/events",
        json={"key": key["key"], "events": events},
        headers={"Origin": ORIGIN, **BROWSER},
    )
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3), answer.text

    async def landed() -> list[str]:
        return sorted(
            event["event_type"]
            for event in await target.events("publication")
            if event["publication_id"] == publication["id"]
        )

    await target.eventually(landed, ["click", "impression", "view"])
    reader = await reading(target, publication, "engagement:read")
    report = await target.public.get("/v1/publisher/engagement?group_by=item", headers=reader)
    assert report.status_code == 200, report.text
    counts = {"clicks": 1, "impressions": 1, "views": 1, "engagements": 0, "conversions": 0}
    (row,) = report.json()["items"]
    more = {"reported_conversions": 0, "visitors": 1, "not_by_persons": 0}
    assert row == {"key": item, **counts, **more}
    if target.name == "local":  # Analytics Engine can be read on Cloudflare only
        live = await target.public.get("/v1/publisher/counters", headers=reader)
        assert live.json()["items"] == [{"item_id": item, **counts}]
        assert live.json()["total"] == counts


async def test_a_click_that_sells_earns(target: Target) -> None:
    terms = {"name": new_id("Readers"), "status": "active", "hold_days": 0}
    program = await write(target, "POST", "/api/programs", terms)
    await write(target, "POST", f"/api/programs/{program['id']}/rates", {"basis_points": 1000})
    publication, _, variant = await published(target, program_id=program["id"])
    publisher, item = publication["publisher_id"], publication["items"][0]["id"]
    order = await bought_through(target, item, variant)
    reader = await reading(target, publication, "commissions:read")

    async def seen() -> list[dict[str, Any]]:
        answer = await target.public.get("/v1/publisher/commissions", headers=reader)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    (commission,) = await target.eventually(seen)
    captured, earned = commission["captured_minor"], commission["amount_minor"]
    assert (commission["status"], earned) == ("pending", captured // 10)
    line = order["lines"][0]["id"]
    await target.shop.change("refund", order_id=order["id"], units=[(line, 1)])
    (truth,) = [one for one in await target.shop.orders() if one["id"] == order["id"]]
    left = earned * (captured - truth["refunds"][0]["money"]) // captured
    assert 0 < left < earned

    async def facts() -> list[tuple[str, int]]:
        told = await read(target, f"/api/commissions/{commission['id']}")
        assert (told["conversion"]["kind"], told["conversion"]["item_id"]) == ("click", item)
        return [(fact["kind"], fact["commission_minor"]) for fact in told["facts"]]

    await target.eventually(facts, [("capture", earned), ("refund", left - earned)])
    listed = await read(target, "/api/commissions", publisher_id=publisher)
    assert [(one["id"], one["amount_minor"]) for one in listed["items"]] == [
        (commission["id"], left)
    ]
    due = {"due_of_publisher": publisher}
    approved = await write(target, "POST", "/api/commissions/approve", due)
    assert approved["amount_minor"] == {commission["currency"]: left}
    balance = await target.public.get("/v1/publisher/balance", headers=reader)
    assert [(one["pending_minor"], one["approved_minor"]) for one in balance.json()["items"]] == [
        (0, left)
    ]


async def test_a_key_works_where_it_may_and_as_long_as_it_may(target: Target) -> None:
    publication, key, _ = await published(target)
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
    publication, _, _ = await published(target)
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
