"""Combo Log CRUD: staff keeps a log of combinations, by hand and by the file."""

from __future__ import annotations

from typing import Any

from tests.e2e.staff_work import read, walked, write
from tests.e2e.target import Target

LOGS = "/api/combo-logs"
CSV = {"Content-Type": "text/csv"}


async def test_a_log_is_kept_changed_and_removed(target: Target) -> None:
    log = {"title": "Foxes in snow", "tags": ["Fox e2e", "Snow e2e"], "designer": "Ann"}
    made = await write(target, "POST", LOGS, log)
    path = f"{LOGS}/{made['id']}"
    twice = await target.staff.post(LOGS, json={**log, "tags": ["snow E2E", "fox E2E"]})
    assert (twice.status_code, twice.json()["report_id"]) == (409, made["id"])
    found = await read(target, LOGS, tag="FOX E2E")
    assert [item["id"] for item in found["items"]] == [made["id"]]

    changed = await write(target, "PUT", path, {**log, "status": "live"}, version='"1"')
    assert (changed["status"], changed["updated_by"]) == ("live", "staff@example.com")
    stale = await target.staff.put(path, json=log, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    await write(target, "DELETE", path, version='"2"')
    assert (await target.staff.get(path)).status_code == 404


async def test_an_export_imports_again_unchanged(target: Target) -> None:
    await write(target, "POST", LOGS, {"title": "=1+1", "tags": ["Sheet e2e", 'Quo"te, e2e']})
    file = await target.staff.get(f"{LOGS}/export", params={"tag": "Sheet e2e"})
    assert "'=1+1" in file.text
    done = await imported(target, file.content)
    assert (done["status"], done["result"]["rows"]) == ("done", 1)
    assert done["result"]["unchanged"] == 1


async def test_a_file_with_wrong_rows_is_told_cell_by_cell_and_nothing_is_written(
    target: Target,
) -> None:
    text = "title,tags,status\r\nWhole e2e,p e2e;q e2e,live\r\nHalf e2e,p e2e,live\r\n"
    rejected = await imported(target, text.encode())
    assert rejected["status"] == "rejected"
    assert [(p["line"], p["column"]) for p in rejected["result"]["problems"]] == [(3, "tags")]
    assert [one async for one in walked(target, LOGS, tag="p e2e")] == []
    taken = await imported(target, text.encode(), mode="report")
    assert (taken["status"], taken["result"]["created"]) == ("done", 1)
    assert [one["title"] async for one in walked(target, LOGS, tag="p e2e")] == ["Whole e2e"]


async def test_what_is_no_csv_is_refused(target: Target) -> None:
    answer = await target.staff.post(f"{LOGS}/import", json={"rows": []})
    assert answer.status_code == 415


async def imported(target: Target, content: bytes, **query: str) -> dict[str, Any]:
    started = await target.staff.post(f"{LOGS}/import", content=content, headers=CSV, params=query)
    assert started.status_code == 202, started.text

    async def look() -> dict[str, Any] | None:
        kept = await read(target, started.headers["location"])
        return kept if kept["status"] in {"done", "rejected", "failed"} else None

    found: dict[str, Any] = await target.eventually(look)
    return found
