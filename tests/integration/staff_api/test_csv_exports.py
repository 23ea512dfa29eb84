"""CSV exports over HTTP: asked for, followed, downloaded in ranges with the right headers."""

from __future__ import annotations

import pytest

from shared import limits
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.csv_exports.models import export_key
from shared.csv_text import CONTENT_TYPE
from shared.products.repository import ProductWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

GENERATE = "/api/csv/generate"
EXPORTS = "/api/csv/exports"


async def test_an_export_is_followed_and_downloaded(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    async with databases.open() as db:
        product = made.product(1, title="=cmd()", vendor="Ann")
        await ProductWrites(db).upsert_roots([product], written_by="run_1")
    asked = {"kind": "products", "filters": {"vendor": "ann"}}
    started = await staff_api.http.post(GENERATE, json=asked)
    assert (started.status_code, started.json()["status"]) == (202, "requested")
    assert started.json()["created_by"] == "staff@example.com"
    where = started.headers["location"]
    early = await staff_api.http.get(f"{where}/download")
    assert (early.status_code, early.json()["type"]) == (409, "urn:problem:export-not-ready")
    assert int(early.headers["retry-after"]) > 0
    await staff_api.work()
    export = (await staff_api.http.get(where)).json()
    assert (export["status"], export["rows"]) == ("ready", 1)
    file = await staff_api.http.get(export["download"])
    assert file.status_code == 200
    assert "'=cmd()" in file.text
    assert {name: file.headers[name] for name in ("content-type", "content-length")} == {
        "content-type": CONTENT_TYPE,
        "content-length": str(export["size"]),
    }
    named = f'attachment; filename="{export["filename"]}"'
    assert file.headers["content-disposition"] == named
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": file.headers["etag"]}
    unchanged = await staff_api.http.get(export["download"], headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_a_large_file_is_read_in_ranges(staff_api: StaffApi) -> None:
    started = (await staff_api.http.post(GENERATE, json={"kind": "combos"})).json()
    await staff_api.work()
    body = b"title\r\n" + b"x" * (2 * limits.OBJECT_RANGE_BYTES)
    await staff_api.bindings.objects.put(export_key(started["id"]), body, content_type=CONTENT_TYPE)
    async with staff_api.http.stream("GET", f"{EXPORTS}/{started['id']}/download") as answer:
        sizes = [len(chunk) async for chunk in answer.aiter_raw()]
    assert sum(sizes) == len(body) == int(answer.headers["content-length"])
    assert max(sizes) <= limits.OBJECT_RANGE_BYTES


async def test_a_file_past_its_retention_is_404(staff_api: StaffApi) -> None:
    started = (await staff_api.http.post(GENERATE, json={"kind": "combos"})).json()
    await staff_api.work()
    await staff_api.bindings.objects.delete(export_key(started["id"]))
    gone = await staff_api.http.get(f"{EXPORTS}/{started['id']}/download")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:problem:export-not-found")


async def test_exports_are_listed_and_removed(staff_api: StaffApi) -> None:
    started = [await staff_api.http.post(GENERATE, json={"kind": "combos"}) for _ in range(3)]
    ids = [answer.json()["id"] for answer in started]
    refused = await staff_api.http.delete(f"{EXPORTS}/{ids[0]}")
    assert refused.status_code == 409
    await staff_api.work()
    first = (await staff_api.http.get(EXPORTS, params={"limit": 2})).json()
    rest = (await staff_api.http.get(EXPORTS, params={"cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert (await staff_api.http.delete(f"{EXPORTS}/{ids[0]}")).status_code == 204
    assert (await staff_api.http.get(f"{EXPORTS}/{ids[0]}")).status_code == 404
    ready = (await staff_api.http.get(EXPORTS, params={"status": "ready"})).json()["items"]
    assert len(ready) == 2
    assert (await staff_api.http.get(EXPORTS, params={"status": "failed"})).json()["items"] == []


async def test_the_same_key_is_the_same_export(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "combos-of-today"}
    first = await staff_api.http.post(GENERATE, json={"kind": "combos"}, headers=key)
    second = await staff_api.http.post(GENERATE, json={"kind": "combos"}, headers=key)
    assert (second.status_code, second.json()) == (202, first.json())
    assert len(staff_api.jobs.receive()) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer"),
    [
        ("POST", GENERATE, {"kind": "customers"}, 422, "/kind"),
        ("POST", GENERATE, {"kind": "orders", "filters": {"tag": "a"}}, 422, "/filters/tag"),
        (
            "POST", GENERATE, {"kind": "products", "filters": {"vendor": "a\x00"}}, 422,
            "/filters/vendor",
        ),
        ("POST", GENERATE, {"kind": "combos", "filters": []}, 422, "/filters"),
        ("GET", f"{EXPORTS}?limit=10000", None, 400, "/limit"),
        ("GET", f"{EXPORTS}?cursor=x", None, 400, "/cursor"),
        ("GET", f"{EXPORTS}/mda_1", None, 404, None),
        ("GET", f"{EXPORTS}/prd_1/download", None, 404, None),
        ("DELETE", f"{EXPORTS}/mda_1", None, 404, None),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, method: str, path: str, body: object, status: int, pointer: str | None
) -> None:
    answer = await staff_api.http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer] * bool(pointer)
