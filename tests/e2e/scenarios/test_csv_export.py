"""CSV Export: staff asks for a file, waits for it, downloads it and throws it away."""

from __future__ import annotations

import csv
import io

from tests.e2e.staff_work import new_product, read, sold
from tests.e2e.target import Target

GENERATE = "/api/csv/generate"


async def test_an_export_has_what_was_asked_for(target: Target) -> None:
    _, variant = await new_product(target, "=HYPERLINK()", "Export only")
    order = await sold(target, variant, 2)
    asked = {"kind": "products", "filters": {"tag": "export only"}}
    started = await target.staff.post(GENERATE, json=asked)
    assert started.status_code == 202, started.text
    where = started.headers["location"]
    export = await ready(target, where)
    assert export["rows"] == 1
    file = await target.staff.get(export["download"])
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert export["filename"] in file.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert "'=HYPERLINK()" in row.values()  # no formula for whoever opens it

    orders = await target.staff.post(GENERATE, json={"kind": "orders"})
    file = await target.staff.get(f"{orders.headers['location']}/download")
    if file.status_code == 409:
        assert int(file.headers["retry-after"]) > 0
    export = await ready(target, orders.headers["location"])
    text = (await target.staff.get(export["download"])).text
    assert order["name"] in text
    listed = [item["id"] for item in (await read(target, "/api/csv/exports"))["items"]]
    assert listed[:2] == [orders.json()["id"], started.json()["id"]]

    assert (await target.staff.delete(where)).status_code == 204
    assert (await target.staff.get(f"{where}/download")).status_code == 404


async def test_what_cannot_be_exported_is_refused_by_name(target: Target) -> None:
    answer = await target.staff.post(GENERATE, json={"kind": "customers"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    days = {"created_from": "2026-11-02", "created_to": "2026-11-01"}
    answer = await target.staff.post(GENERATE, json={"kind": "orders", "filters": days})
    assert answer.status_code == 422
    assert (await target.staff.get("/api/csv/exports/mda_none")).status_code == 404


async def ready(target: Target, where: str) -> dict[str, object]:
    async def look() -> dict[str, object] | None:
        export = await read(target, where)
        assert export["status"] != "failed", export
        return export if export["status"] == "ready" else None

    found: dict[str, object] = await target.eventually(look)
    return found
