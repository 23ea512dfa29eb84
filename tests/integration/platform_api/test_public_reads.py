"""Everybody sees what is on sale and published, page by page, and nothing else."""

from datetime import timedelta

import pytest

from shared.adapters.embedded.cache import JournalCache
from shared.adapters.embedded.counters import JournalCounters
from shared.ports import Database
from tests.fixtures.platform_api import PlatformApi, product, write_products


async def test_a_walk_by_cursor_sees_every_product_once(
    platform_api: PlatformApi, db: Database
) -> None:
    await write_products(db, *(product(n) for n in range(1, 8)))
    seen: list[str] = []
    path = "/v1/products?limit=3"
    sizes = []
    while path:
        page = (await platform_api.get(path)).json()
        sizes.append(len(page["items"]))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        path = f"/v1/products?limit=3&cursor={cursor}" if cursor else ""
    assert sizes == [3, 3, 1]
    assert seen == [f"prd_{n}" for n in range(1, 8)]


async def test_only_products_on_sale_are_seen(platform_api: PlatformApi, db: Database) -> None:
    later = platform_api.clock.now() + timedelta(hours=1)
    await write_products(
        db,
        product(1),
        product(2, status="DRAFT"),
        product(3, status="ARCHIVED"),
        product(4, published_at=None),
        product(5, published_at=later),
        product(6),
    )
    await db.execute("UPDATE product SET deleted_at = now() WHERE id = 'prd_6'")
    page = (await platform_api.get("/v1/products")).json()
    assert [item["id"] for item in page["items"]] == ["prd_1"]
    assert page["items"][0]["tags"] == ["tag prd_1"]
    for hidden in range(2, 8):
        answer = await platform_api.get(f"/v1/products/prd_{hidden}")
        assert answer.status_code == 404, hidden
        assert answer.status_code == 404, hidden
        assert answer.headers["content-type"] == "application/problem+json"
        assert "max-age" not in answer.headers["cache-control"]
    platform_api.clock.advance(timedelta(hours=2))
    assert (await platform_api.get("/v1/products/prd_5")).status_code == 200


async def test_a_reader_who_has_it_gets_no_body(platform_api: PlatformApi, db: Database) -> None:
    await write_products(db, product(1))
    first = await platform_api.http.get("/v1/products/prd_1")
    assert first.headers["cache-control"] == "public, max-age=60"
    headers = {"If-None-Match": first.headers["etag"]}
    again = await platform_api.http.get("/v1/products/prd_1", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    await db.execute("UPDATE product SET title = 'Another' WHERE id = 'prd_1'")
    changed = await platform_api.http.get("/v1/products/prd_1", headers=headers)
    assert changed.status_code == 200
    assert changed.json()["title"] == "Another"
    assert changed.headers["etag"] != first.headers["etag"]


async def test_head_is_get_without_the_body(platform_api: PlatformApi, db: Database) -> None:
    await write_products(db, product(1))
    for path in ("/v1/products", "/v1/products/prd_1", "/v1/products/prd_none", "/v1/publications"):
        read, head = [await platform_api.http.request(m, path) for m in ("GET", "HEAD")]
        assert (head.status_code, head.content) == (read.status_code, b"")
        for name in ("content-length", "content-type", "etag", "cache-control"):
            assert head.headers.get(name) == read.headers.get(name), name
    assert (await platform_api.http.head("/oauth/token")).status_code == 405


async def test_ones_own_reads_are_kept_by_the_reader_alone(platform_api: PlatformApi) -> None:
    key = (await platform_api.key((await platform_api.publisher())["id"]))["key"]
    headers = {"X-Api-Key": key}
    first = await platform_api.http.get("/v1/publisher", headers=headers)
    assert first.headers["cache-control"] == "private, no-cache"
    known = headers | {"If-None-Match": first.headers["etag"]}
    again = await platform_api.http.get("/v1/publisher", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ratelimit"] != first.headers["ratelimit"]
    stranger = await platform_api.http.get("/v1/publisher", headers={"If-None-Match": "*"})
    assert stranger.status_code == 401


@pytest.mark.parametrize("hidden_by", ["draft", "archived", "suspended", "nothing"])
async def test_a_publication_is_public_only_while_published_by_an_active_publisher(
    platform_api: PlatformApi, db: Database, hidden_by: str
) -> None:
    await write_products(db, product(1), product(2, status="DRAFT"), product(3))
    publisher = await platform_api.publisher()
    made = await platform_api.publication(publisher["id"], ["prd_3", "prd_2", "prd_1"])
    path = f"/v1/publications/{made['id']}"
    if hidden_by == "suspended":
        content = {"name": "R", "email": "a@b.example", "status": "suspended"}
        url = f"/api/publishers/{publisher['id']}"
        answer = await platform_api.staff.put(url, json=content, headers={"If-Match": '"1"'})
    elif hidden_by != "nothing":
        content = {"title": "Best of", "status": hidden_by}
        headers = {"If-Match": f'"{made["version"]}"'}
        url = f"/api/publications/{made['id']}"
        answer = await platform_api.staff.put(url, json=content, headers=headers)
    if hidden_by != "nothing":
        assert answer.status_code == 200, answer.text
        assert (await platform_api.get(path)).status_code == 404
        assert (await platform_api.get("/v1/publications")).json()["items"] == []
        return
    found = (await platform_api.get(path)).json()
    assert [item["product"]["id"] for item in found["items"]] == ["prd_3", "prd_1"]
    assert "created_by" not in found
    assert [p["id"] for p in (await platform_api.get("/v1/publications")).json()["items"]] == [
        made["id"]
    ]


async def test_the_cache_answers_for_a_minute_and_no_longer(
    platform_api: PlatformApi, db: Database
) -> None:
    await write_products(db, product(1))
    counters = platform_api.bindings.counters
    assert isinstance(counters, JournalCounters)
    cache = JournalCache(counters.journal, clock=platform_api.clock)
    platform_api.configure(cache=cache)
    assert (await platform_api.get("/v1/products/prd_2")).status_code == 404
    first = await platform_api.get("/v1/products?limit=5")
    await write_products(db, product(2))
    kept = await platform_api.get("/v1/products?limit=5")
    assert kept.content == first.content
    assert len((await platform_api.get("/v1/products?limit=6")).json()["items"]) == 2
    assert (await platform_api.get("/v1/products/prd_2")).status_code == 200
    platform_api.clock.advance(timedelta(seconds=61))
    assert len((await platform_api.get("/v1/products?limit=5")).json()["items"]) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/v1/products?cursor=nonsense",
        "/v1/products?cursor=eyJhIjoxfQ",
        "/v1/products?limit=0",
        "/v1/publications?limit=1000",
        "/v1/products?colour=red",
        "/v1/products/a%00b",
    ],
)
async def test_a_malformed_read_is_refused_as_a_problem(
    platform_api: PlatformApi, path: str
) -> None:
    answer = await platform_api.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_api_describes_itself(platform_api: PlatformApi) -> None:
    document = (await platform_api.http.get("/openapi.json")).json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["description"], path
            assert "security" in operation, path
    assert document["paths"]["/v1/products"]["get"]["security"] == []
    page = (await platform_api.http.get("/docs")).text
    assert "/oauth/token" in page
    assert (await platform_api.http.get("/health")).json()["status"] == "ok"
