"""The hot routes through the staged bundle: events, links and the pixel, before the ASGI bridge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from shared.adapters.postgresql import PostgresqlDatabase, prepare_connection
from shared.engagement.clicks import read
from shared.identity.access import HEADER
from shared.ids import new_id
from tests.fixtures.edge import CLICK_KEY, Surroundings
from tests.fixtures.engagement import FIREFOX, PAGE, impression
from tests.fixtures.platform_api import product, write_products
from tests.wasm.edge_worker import Answer, EdgeWorker

URL = "https://platform/v1/events"
PRODUCTS = (900_001, 900_002)
FLAGS_MODULE = Path(__file__).with_name("asked_flags.py")


@dataclass
class Site:
    """A page with a publishable key, two items, and what the Workers left behind."""

    edge: EdgeWorker
    items: list[str]
    key: str
    secret_key: str
    database_url: str
    events: list[dict[str, Any]]

    def post(self, *events: dict[str, Any], **headers: str) -> Answer:
        """Post events as a browser does."""
        return self.send(json.dumps({"key": self.key, "events": events}), **headers)

    def send(self, body: str, **headers: str) -> Answer:
        """Post a body as a browser does."""
        sent = {"Origin": PAGE, "User-Agent": FIREFOX, "Content-Length": str(len(body))} | headers
        return self.edge.fetch(URL, method="POST", headers=sent, body=body)

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask as a browser does."""
        sent = {"User-Agent": FIREFOX, "CF-Connecting-IP": "203.0.113.7"} | headers
        return self.edge.fetch(f"https://platform{path}", method=method, headers=sent)

    def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Read the database, in a loop of its own beside pytest's."""

        async def read_rows() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return [dict(row) for row in await connection.fetch(sql, *args)]
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, read_rows()).result()


async def _with_products(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await prepare_connection(connection)
        both = [product(number, online_store_url=None) for number in PRODUCTS]
        await write_products(PostgresqlDatabase(connection), *both)
    finally:
        await connection.close()


async def _without_products(url: str) -> None:
    """Take the products away again: the shop that others sync has none of them."""
    ids = [f"prd_{number}" for number in PRODUCTS]
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DELETE FROM link_product_tag WHERE product_id = ANY ($1)", ids)
        await connection.execute(
            "DELETE FROM product_tag WHERE name = ANY ($1)", [f"tag {one}" for one in ids]
        )
        await connection.execute("DELETE FROM product WHERE id = ANY ($1)", ids)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def site(
    platform_edge: EdgeWorker,
    dashboard_edge: EdgeWorker,
    surroundings: Surroundings,
    edge_database_url: str,
) -> Iterator[Site]:
    """Staff makes a publication in a program, through dashboard-api."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _with_products(edge_database_url)).result()
        yield _site(platform_edge, dashboard_edge, surroundings, edge_database_url)
        thread.submit(asyncio.run, _without_products(edge_database_url)).result()


def _site(
    platform_edge: EdgeWorker,
    dashboard_edge: EdgeWorker,
    surroundings: Surroundings,
    database_url: str,
) -> Site:
    staff = {HEADER: surroundings.access.user_token(), "Content-Type": "application/json"}

    def ask(path: str, content: dict[str, Any], method: str = "POST", **headers: str) -> Any:
        answer = dashboard_edge.fetch(
            f"https://dashboard/api/{path}",
            method=method,
            headers=staff | headers,
            body=json.dumps(content),
        )
        assert answer.status in {200, 201}, answer.body
        return answer.json()

    name = new_id("edge")  # the database is that of other modules too
    publisher = ask("publishers", {"name": name, "email": "a@b.example", "status": "active"})
    program = ask("programs", {"name": name, "status": "active"})
    path = f"publishers/{publisher['id']}"
    made = ask(
        f"{path}/publications",
        {"title": "Best of", "status": "published", "program_id": program["id"]},
    )
    listed = ask(
        f"publications/{made['id']}/items",
        {"items": [{"product_id": f"prd_{number}"} for number in PRODUCTS]},
        "PUT",
        **{"If-Match": f'"{made["version"]}"'},
    )
    key = ask(f"{path}/api-keys", {"name": "site", "kind": "publishable", "origins": [PAGE]})
    secret = ask(f"{path}/api-keys", {"name": "server", "scopes": ["engagement:read"]})
    return Site(
        platform_edge,
        [item["id"] for item in listed["items"]],
        key["key"],
        secret["key"],
        database_url,
        surroundings.events["publication"],
    )


def test_one_event(site: Site) -> None:
    before = len(site.events)
    answer = site.post(impression(site.items[0]), **{"CF-Connecting-IP": "203.0.113.9"})
    assert answer.status == 202, answer.body
    assert answer.json()["accepted"] == 1
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"].startswith("req_")
    assert "r=" in answer.headers["ratelimit"]
    [event] = site.events[before:]
    assert event["event_id"] == answer.json()["verdicts"][0]["event_id"]
    assert (event["event_type"], event["is_bot"]) == ("impression", False)
    assert len(event["visitor_hash"]) == 32
    assert "203.0.113.9" not in json.dumps(event)


def test_a_batch_with_one_bad_event(site: Site) -> None:
    before = len(site.events)
    events = [impression(site.items[n % 2]) for n in range(500)]
    events[250] = {"type": "click"}
    answer = site.post(*events)
    assert answer.status == 202, answer.body
    document = answer.json()
    assert (document["accepted"], document["refused"]) == (499, 1)
    assert document["verdicts"][250]["reason"] == "invalid"
    assert len(site.events) == before + 499


def test_a_click_earns_a_referral(site: Site) -> None:
    answer = site.post({"type": "click", "item_id": site.items[1]})
    click = read(answer.json()["verdicts"][0]["click_id"], CLICK_KEY)
    assert click is not None
    [row] = site.rows("SELECT * FROM referral WHERE id = $1", click.id)
    assert (row["item_id"], row["product_id"]) == (site.items[1], f"prd_{PRODUCTS[1]}")


def test_a_link(site: Site, surroundings: Surroundings) -> None:
    before = len(site.events)
    answer = site.get(f"/v1/r/{site.items[0]}?to=%2Fcollections%2Fnew%3Fa%3D1")
    assert answer.status == 302, answer.body
    assert answer.headers["cache-control"] == "no-store"
    target = urlsplit(answer.headers["location"])
    shop = surroundings.shopify.url.removeprefix("http://")
    assert (target.scheme, target.netloc, target.path) == ("https", shop, "/collections/new")
    click = read(parse_qs(target.query)["click_id"][0], CLICK_KEY)
    assert click is not None
    assert len(site.rows("SELECT id FROM referral WHERE id = $1", click.id)) == 1
    assert [event["event_type"] for event in site.events[before:]] == ["click"]
    head = site.get(f"/v1/r/{site.items[0]}", "HEAD")
    assert (head.status, "click_id" in head.headers["location"]) == (302, False)
    for path, status in {
        f"/v1/r/{site.items[0]}?to=//evil.example": 400,
        "/v1/r/itm_none": 404,
        f"/v1/r/itm_{'0' * 32}": 404,
    }.items():
        refused = site.get(path)
        assert refused.status == status, refused.body
        assert refused.headers["content-type"] == "application/problem+json"
    assert len(site.events) == before + 1


def test_the_pixel(site: Site) -> None:
    before = len(site.events)
    for query in (f"?item={site.items[0]}", "?item=none", ""):
        answer = site.get(f"/v1/pixel.gif{query}")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
        assert answer.headers["content-length"] == "43"
        assert answer.body.startswith("GIF89a")
    assert [event["event_type"] for event in site.events[before:]] == ["impression"]


def test_what_is_not_right_is_refused(site: Site) -> None:
    before = len(site.events)
    good = impression(site.items[0])
    assert site.post(*[good] * 501).status == 422
    assert site.post(good, Origin="https://evil.example").status == 403
    assert site.send("{").status == 400
    assert site.send(json.dumps({"key": "pk_live_x", "events": [good]})).status == 401
    assert site.send("x" * 3 * 2**20).status == 413
    assert site.post({**good, "click_id": "A" * 76}).json()["refused"] == 1
    assert site.get("/v1/events").status == 405
    assert len(site.events) == before


def test_a_body_of_unknown_length_goes_the_ordinary_way(site: Site) -> None:
    body = json.dumps({"key": site.key, "events": [impression(site.items[0])]})
    headers = {"Origin": PAGE, "User-Agent": FIREFOX}
    answer = site.edge.fetch(URL, method="POST", headers=headers, body=body)
    assert answer.status == 202, answer.body
    assert answer.headers["access-control-allow-origin"] == PAGE


def test_a_binding_that_is_missing_is_503(site: Site) -> None:
    before = len(site.events)
    with site.edge.without("PUBLICATION_TELEMETRY"):
        answer = site.post(impression(site.items[0]))
    assert answer.status == 503, answer.body
    assert answer.headers["retry-after"] == "60"
    assert len(site.events) == before


def test_preflight(site: Site) -> None:
    allowed = site.get("/v1/events", "OPTIONS", Origin=PAGE)
    assert (allowed.status, allowed.body) == (204, "")
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert site.get("/v1/events", "OPTIONS", Origin="https://evil.example").status == 403


def test_capture_is_switched_off_in_kv(site: Site) -> None:
    site.edge.add(FLAGS_MODULE)
    before = len(site.events)
    site.edge.python("tests.wasm.asked_flags", {"is_on": False})
    try:
        refused = site.post(impression(site.items[0]))
        assert (refused.status, refused.headers["retry-after"]) == (503, "60"), refused.body
        link = site.get(f"/v1/r/{site.items[0]}")
        assert (link.status, "click_id" in link.headers["location"]) == (302, False)
        assert site.get(f"/v1/pixel.gif?item={site.items[0]}").status == 200
        assert len(site.events) == before
    finally:
        site.edge.python("tests.wasm.asked_flags")
    assert site.post(impression(site.items[0])).status == 202
