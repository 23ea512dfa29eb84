"""Asset Ingest: staff hands in a product and a Dropbox link, and the file is the product's."""

from __future__ import annotations

import httpx

from tests.e2e.staff_work import new_product, read, write
from tests.e2e.target import Target
from tests.fixtures.assets import PNG

INGEST = "/api/assets/ingest"


async def ended(target: Target, product_id: str) -> dict[str, object]:
    async def look() -> dict[str, object] | None:
        newest = (await read(target, f"/api/assets/status/{product_id}"))["items"][0]
        return newest if newest["status"] in {"done", "complete", "ready", "failed"} else None

    found: dict[str, object] = await target.eventually(look)
    return found


async def test_a_shared_file_becomes_the_products(target: Target) -> None:
    product_id, _ = await new_product(target, "Drawn fox")
    other_id, _ = await new_product(target, "Drawn fox, framed")
    body = PNG + b"drawn fox"
    link = target.share("fox.png", body)
    for product in (product_id, other_id):
        asked = {"product_id": product, "dropbox_url": link}
        started = await target.staff.post(INGEST, json=asked)
        assert started.status_code == 202, started.text
        assert started.headers["location"] == f"/api/assets/status/{product}"
        assert (await ended(target, product))["error"] is None

    (asset,) = (await read(target, f"/api/assets/{product_id}"))["items"]
    assert (asset["content_type"], asset["size"]) == ("image/png", len(body))
    (same,) = (await read(target, f"/api/assets/{other_id}"))["items"]
    assert same["id"] == asset["id"]  # one content is kept once
    async with httpx.AsyncClient(trust_env=False) as world:
        assert (await world.get(asset["url"])).content == body
    seen = await read(target, f"/api/products/{product_id}")
    assert [one["id"] for one in seen["assets"]] == [asset["id"]]


async def test_a_file_that_is_gone_is_told_and_can_be_handed_in_again(target: Target) -> None:
    product_id, _ = await new_product(target, "Lost drawing")
    link = target.share("lost.png", PNG)
    wrong = link.replace("lost.png", "never-shared.png")
    await write(target, "POST", INGEST, {"product_id": product_id, "dropbox_url": wrong})
    failed = await ended(target, product_id)
    assert (failed["status"], bool(failed["error"])) == ("failed", True)
    await write(target, "POST", INGEST, {"product_id": product_id, "dropbox_url": link})
    assert (await ended(target, product_id))["status"] != "failed"
    assert len((await read(target, f"/api/assets/{product_id}"))["items"]) == 1


async def test_links_to_elsewhere_and_unknown_products_are_refused(target: Target) -> None:
    product_id, _ = await new_product(target, "Undrawn")
    asked = {"product_id": product_id, "dropbox_url": "https://evil.example/fox.png"}
    answer = await target.staff.post(INGEST, json=asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/dropbox_url"
    asked = {"product_id": "prd_none", "dropbox_url": target.share("x.png", PNG)}
    answer = await target.staff.post(INGEST, json=asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/product_id"
    assert (await read(target, f"/api/assets/status/{product_id}"))["items"] == []
