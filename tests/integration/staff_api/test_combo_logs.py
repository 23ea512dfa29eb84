"""Combo logs over HTTP: one per combination, changed by version, exported and imported."""

from __future__ import annotations

import asyncio

import pytest

from shared.combos.import_rows import BYTES_MAX
from tests.fixtures.staff_api import StaffApi

LOGS = "/api/combo-logs"
IMPORT = f"{LOGS}/import"
LONG = "x" * 255
AWKWARD = ['5" Phone', "a, b", "🦊 fox", LONG, "=SUM(A1)"]
DOGS = {"title": "Sunny dogs", "tags": ["Dogs", "Sunny"], "designer": "Ann", "status": "live"}
CSV = {"Content-Type": "text/csv"}


async def added(api: StaffApi, **fields: object) -> dict[str, object]:
    answer = await api.http.post(LOGS, json=DOGS | fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def titles(api: StaffApi, **parameters: object) -> list[str]:
    answer = await api.http.get(LOGS, params=parameters)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_a_log_is_kept_with_who_wrote_it(staff_api: StaffApi) -> None:
    answer = await staff_api.http.post(LOGS, json=DOGS)
    log = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"{LOGS}/{log['id']}"
    assert log["created_by"] == log["updated_by"] == "staff@example.com"
    assert {name: log[name] for name in DOGS} == DOGS
    read = await staff_api.http.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (log, '"1"')


async def test_a_combination_has_one_log(staff_api: StaffApi) -> None:
    first = await added(staff_api)
    second = await staff_api.http.post(LOGS, json=DOGS | {"tags": ["sunny", "DOGS"]})
    assert (second.status_code, second.json()["report_id"]) == (409, first["id"])
    many = [staff_api.http.post(LOGS, json=DOGS | {"tags": ["a", "b"]}) for _ in range(5)]
    assert sorted(a.status_code for a in await asyncio.gather(*many)) == [201] + [409] * 4


async def test_of_two_changes_from_one_version_the_second_is_refused(staff_api: StaffApi) -> None:
    path, version = f"{LOGS}/{(await added(staff_api))['id']}", {"If-Match": '"1"'}
    mine, yours = [
        staff_api.http.put(path, json=DOGS | {"title": title}, headers=version)
        for title in ("mine", "yours")
    ]
    answers = await asyncio.gather(mine, yours)
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (kept,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await staff_api.http.get(path)).json() == kept
    assert (await staff_api.http.put(path, json=DOGS)).status_code == 428
    assert (await staff_api.http.delete(path, headers=version)).status_code == 412
    assert (await staff_api.http.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await staff_api.http.get(path)).status_code == 404


async def test_logs_are_found_and_walked(staff_api: StaffApi) -> None:
    await added(staff_api, title="One", tags=["Red", "Sea"], status="planned")
    await added(staff_api, title="Two", tags=["red", "Fox"])
    await added(staff_api, title="three", tags=["Blue", "Fox"], status="retired")
    assert await titles(staff_api, tag="RED") == ["Two", "One"]
    assert await titles(staff_api, status=["planned", "retired"]) == ["three", "One"]
    assert await titles(staff_api, text="T") == ["three", "Two"]
    first = (await staff_api.http.get(LOGS, params={"limit": 2})).json()
    rest = await titles(staff_api, cursor=first["next_cursor"])
    assert [item["title"] for item in first["items"]] + rest == ["three", "Two", "One"]


async def test_an_export_imported_again_changes_nothing(staff_api: StaffApi) -> None:
    log = await added(staff_api, title="=2+2", tags=AWKWARD, notes='a\r\n"b"; c', product_ids=["p"])
    await added(staff_api, title="@b", tags=["a", "b"], designer=None)
    exported = await staff_api.http.get(f"{LOGS}/export")
    assert exported.status_code == 200
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["content-disposition"].startswith('attachment; filename="combo-logs-')
    assert "'=2+2" in exported.text
    assert exported.content.startswith(b"\xef\xbb\xbftitle,")
    started = await staff_api.http.post(IMPORT, content=exported.content, headers=CSV)
    assert (started.status_code, started.json()["status"]) == (202, "requested")
    await staff_api.work()
    done = (await staff_api.http.get(started.headers["location"])).json()
    assert (done["status"], done["result"]["unchanged"]) == ("done", 2)
    assert (await staff_api.http.get(f"{LOGS}/{log['id']}")).json() == log
    only = await staff_api.http.get(f"{LOGS}/export", params={"tag": "A"})
    assert len(only.text.splitlines()) == 2


async def test_a_form_with_a_large_file_goes_by_the_inbox(staff_api: StaffApi) -> None:
    rows = "".join(f"t{n},a;b{n},{'n' * 1_000}\r\n" for n in range(2_500))
    form = {"file": ("C:\\combos\\Frühling.csv", "title,tags,notes\r\n" + rows, "text/csv")}
    started = await staff_api.http.post(IMPORT, files=form)
    assert started.status_code == 202, started.text
    assert started.json()["filename"] == "Frühling.csv"
    (key,) = [found.key for found in (await staff_api.bindings.objects.list()).objects]
    assert key.startswith("inbox/")
    await staff_api.work()
    done = (await staff_api.http.get(started.headers["location"])).json()
    assert (done["status"], done["result"]["created"]) == ("done", 2_500)


async def test_wrong_rows_are_named_and_nothing_is_written(staff_api: StaffApi) -> None:
    text = "title,tags,status\r\nGood,a;b,live\r\n,a;c,live\r\nOne,a,live\r\nBad,a;d,gone\r\n"
    started = await staff_api.http.post(IMPORT, content=text, headers=CSV)
    await staff_api.work()
    done = (await staff_api.http.get(started.headers["location"])).json()
    assert (done["status"], done["result"]["problem_count"]) == ("rejected", 3)
    found = [(p["line"], p["column"]) for p in done["result"]["problems"]]
    assert found == [(3, "title"), (4, "tags"), (5, "status")]
    assert await titles(staff_api) == []
    some = await staff_api.http.post(IMPORT, content=text, headers=CSV, params={"mode": "report"})
    await staff_api.work()
    assert await titles(staff_api) == ["Good"]
    listed = (await staff_api.http.get(f"{LOGS}/imports")).json()["items"]
    assert [item["id"] for item in listed] == [some.json()["id"], started.json()["id"]]
    assert listed[0]["status"] == "done"


async def test_a_row_with_a_nul_is_named_and_the_others_are_written(staff_api: StaffApi) -> None:
    text = "title,tags,template_id\r\nGood,a;b,t1\r\nBad,c;d,x\x00y\r\n"
    started = await staff_api.http.post(
        IMPORT, content=text, headers=CSV, params={"mode": "report"}
    )
    await staff_api.work()
    done = (await staff_api.http.get(started.headers["location"])).json()
    assert (done["status"], done["error"], done["result"]["created"]) == ("done", None, 1)
    found = [(p["line"], p["column"]) for p in done["result"]["problems"]]
    assert found == [(3, "template_id")]
    log = {"title": "t", "tags": ["a", "b"], "template_id": "x\x00y"}
    assert (await staff_api.http.post(LOGS, json=log)).status_code == 422


async def test_the_same_key_is_the_same_import(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "import-of-today"}
    form = {"file": ("a.csv", "title,tags\r\nA,x;y\r\n", "text/csv")}
    first = await staff_api.http.post(IMPORT, files=form, headers=key)
    second = await staff_api.http.post(IMPORT, files=form, headers=key)
    assert (second.status_code, second.json()) == (202, first.json())
    other = {"file": ("a.csv", "title,tags\r\nB,x;y\r\n", "text/csv")}
    assert (await staff_api.http.post(IMPORT, files=other, headers=key)).status_code == 422
    assert len(staff_api.jobs.receive()) == 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "text/csv", 422),
        (b"title,tags", None, 415),
        (b"{}", "application/json", 415),
        (b"--b\r\n\r\nx", "multipart/form-data; boundary=b", 400),
        (b"x", "multipart/form-data", 400),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", 422),
        (b"x" * (BYTES_MAX + 70_000), "text/csv", 413),
    ],
    ids=["empty", "untyped", "json", "unclosed", "unbounded", "no-file", "large"],
)
async def test_what_is_no_file_is_refused(
    staff_api: StaffApi, content: bytes, kind: str | None, status: int
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await staff_api.http.post(IMPORT, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert staff_api.jobs.receive() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{LOGS}?limit=10000", None, 400),
        ("GET", f"{LOGS}?cursor=x", None, 400),
        ("GET", f"{LOGS}?status=gone", None, 400),
        ("GET", f"{LOGS}?tag=%00", None, 400),
        ("GET", f"{LOGS}/export?state=live", None, 400),
        ("GET", f"{LOGS}/prd_1", None, 404),
        ("GET", f"{LOGS}/imports/mda_1", None, 404),
        ("DELETE", f"{LOGS}/mda_1", None, 404),
        ("POST", LOGS, {"title": "", "tags": ["a", "b"]}, 422),
        ("POST", LOGS, {"title": "a", "tags": ["a"]}, 422),
        ("POST", LOGS, {"title": "a", "tags": ["a", "A "]}, 422),
        ("POST", LOGS, {"title": "a\x00", "tags": ["a", "b"]}, 422),
        ("POST", LOGS, {"title": "a", "tags": ["a", "x" * 256]}, 422),
    ],
)
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, method: str, path: str, body: object, status: int
) -> None:
    answer = await staff_api.http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
