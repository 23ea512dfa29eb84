"""Design assets over HTTP: asked for, followed, and read by product."""

from __future__ import annotations

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.assets.ingestions import link_asset
from shared.combos.models import ComboReport
from shared.combos.reports import add_report
from shared.ids import derived_id
from shared.jobs import AssetIngest, parse_job
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import NOW, StaffApi

INGEST = "/api/assets/ingest"
LINK = "https://www.dropbox.com/scl/fi/a1b2c3/fox.png?rlkey=x&dl=0"
PRODUCT = derived_id("prd", "1")
FOX = {"sha256": "a" * 64, "key": "assets/aa/fox.png", "filename": "fox.png", "size": 9}


@pytest.fixture
async def product(databases: AsyncpgDatabases) -> str:
    async with databases.open() as db:
        await ProductWrites(db).upsert_roots([made.product(1, id=PRODUCT)], written_by="run_1")
    return PRODUCT


async def test_a_request_is_queued_once_and_says_why_it_failed(
    staff_api: StaffApi, product: str
) -> None:
    asked, key = {"product_id": product, "dropbox_url": LINK}, {"Idempotency-Key": "fox-for-one"}
    started = await staff_api.http.post(INGEST, json=asked, headers=key)
    again = await staff_api.http.post(INGEST, json=asked, headers=key)
    assert (started.status_code, again.json()) == (202, started.json())
    where = started.headers["location"]
    assert where == f"/api/assets/status/{product}"
    assert (started.json()["status"], started.json()["created_by"]) == (
        "requested",
        "staff@example.com",
    )
    await staff_api.work()  # this deployment has no bucket that the world may read
    (request,) = (await staff_api.http.get(where)).json()["items"]
    assert request["id"] == started.json()["id"]
    assert (request["status"], request["url"]) == ("failed", None)
    assert "ASSET_BASE_URL" in request["error"]
    run = await staff_api.http.get(f"/api/ingest/runs/{request['run_id']}")
    assert (run.json()["workflow"], run.json()["status"]) == ("asset-ingest", "failed")


async def test_a_product_shows_its_assets_and_combos(
    staff_api: StaffApi, databases: AsyncpgDatabases, product: str
) -> None:
    url = "https://assets.example"
    settings = staff_api.bindings.settings.model_copy(update={"ASSET_BASE_URL": url})
    staff_api.configure(settings=settings)
    started = await staff_api.http.post(INGEST, json={"product_id": product, "dropbox_url": LINK})
    (delivery,) = staff_api.jobs.receive()
    job = parse_job(delivery.body)
    assert isinstance(job, AssetIngest)
    async with databases.open() as db:
        asset = FOX | {"content_type": "image/png"}
        await link_asset(db, job, asset, url=f"{url}/{FOX['key']}", at=NOW)
        combo = ComboReport(title="Foxes", tags=["Fox", "Red"], product_ids=[product])
        await add_report(db, combo, at=NOW, by="ann")
    (found,) = (await staff_api.http.get(f"/api/assets/{product}")).json()["items"]
    assert {name: found[name] for name in ("sha256", "filename", "size", "content_type")} == {
        "sha256": "a" * 64, "filename": "fox.png", "size": 9, "content_type": "image/png",
    }  # fmt: skip
    assert found["url"] == f"{url}/assets/aa/fox.png"
    whole = (await staff_api.http.get(f"/api/products/{product}")).json()
    assert whole["assets"] == [found]
    assert [combo["title"] for combo in whole["combos"]] == ["Foxes"]
    assert started.json()["product_id"] == whole["product"]["id"]


async def test_requests_are_walked_newest_first(staff_api: StaffApi, product: str) -> None:
    asked = {"product_id": product, "dropbox_url": LINK}
    made_ids = [(await staff_api.http.post(INGEST, json=asked)).json()["id"] for _ in range(3)]
    path = f"/api/assets/status/{product}"
    first = (await staff_api.http.get(path, params={"limit": 2})).json()
    rest = (await staff_api.http.get(path, params={"cursor": first["next_cursor"]})).json()
    assert [i["id"] for i in first["items"] + rest["items"]] == made_ids[::-1]


@pytest.mark.parametrize(
    ("asked", "status", "pointer"),
    [
        ({"product_id": PRODUCT}, 422, "/dropbox_url"),
        ({"product_id": PRODUCT, "dropbox_url": "https://evil.example/s/a.png"}, 422, None),
        ({"product_id": PRODUCT, "dropbox_url": "http://www.dropbox.com/s/x/a.png"}, 422, None),
        ({"product_id": made.order_id(1), "dropbox_url": LINK}, 422, "/product_id"),
        ({"product_id": PRODUCT, "dropbox_url": LINK}, 404, ""),
    ],
)
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, asked: dict[str, str], status: int, pointer: str | None
) -> None:
    answer = await staff_api.http.post(INGEST, json=asked)
    assert answer.status_code == status, answer.text
    if pointer != "":
        assert answer.json()["errors"][0]["pointer"] == (pointer or "/dropbox_url")
    assert staff_api.jobs.receive() == []


@pytest.mark.parametrize("path", ["/api/assets/", "/api/assets/status/"])
async def test_another_product_is_404(staff_api: StaffApi, path: str) -> None:
    assert (await staff_api.http.get(path + PRODUCT)).status_code == 404
    assert (await staff_api.http.get(path + "mda_1")).status_code == 404
