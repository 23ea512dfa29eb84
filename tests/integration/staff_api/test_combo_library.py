"""Combo templates and suggestions over HTTP: nothing lost between two staff, accepted once."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.combos.models import combo_key
from shared.combos.repository import Combos
from shared.ids import new_id
from shared.jobs import SuggestionGenerate, parse_job
from tests.fixtures.staff_api import NOW, StaffApi

TEMPLATES = "/api/combo-templates"
SUGGESTIONS = "/api/combo-suggestions"
SPRING = {
    "name": "Spring drop",
    "actions": [{"action": "design", "title": "Draw it", "due_in_days": 7}],
}


async def suggested(databases: AsyncpgDatabases, *combinations: tuple[list[str], float]) -> None:
    made = [
        {
            "id": new_id("mda"),
            "name": combo_key(tags),
            "payload": {
                "tags": tags, "tag_ids": tags, "categories": ["Colour", "Motif"],
                "confidence": confidence, "rank": 1, "evidence": {"lift": 2.0}, "run_id": "run_1",
            },
        }
        for tags, confidence in combinations
    ]  # fmt: skip
    async with databases.open() as db:
        assert await Combos(db).insert_suggestions(made, at=NOW, by="ann") == len(made)


async def test_two_staff_editing_one_template(staff_api: StaffApi) -> None:
    made = await staff_api.http.post(TEMPLATES, json=SPRING)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    path = made.headers["location"]
    eve = staff_api.with_token(staff_api.access.user_token("eve@example.com"))
    mine = staff_api.http.put(
        path, json=SPRING | {"description": "mine"}, headers={"If-Match": '"1"'}
    )
    hers = staff_api.http.put(
        path, json=SPRING | {"description": "hers"}, headers=eve | {"If-Match": '"1"'}
    )
    answers = await asyncio.gather(mine, hers)
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (won,) = [answer for answer in answers if answer.status_code == 200]
    kept = await staff_api.http.get(path)
    assert kept.json() == won.json()
    who = {"mine": "staff@example.com", "hers": "eve@example.com"}
    assert kept.json()["updated_by"] == who[kept.json()["description"]]
    again = {"If-Match": kept.headers["etag"]}
    merged = await staff_api.http.put(path, json=SPRING | {"description": "both"}, headers=again)
    assert (merged.status_code, merged.json()["version"]) == (200, 3)


async def test_templates_are_named_once_and_listed_newest_first(staff_api: StaffApi) -> None:
    for name in ("a", "b", "c"):
        await staff_api.http.post(TEMPLATES, json={"name": name})
    taken = await staff_api.http.post(TEMPLATES, json={"name": "B"})
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:problem:template-name-taken")
    first = (await staff_api.http.get(TEMPLATES, params={"limit": 2})).json()
    rest = await staff_api.http.get(TEMPLATES, params={"cursor": first["next_cursor"]})
    items = first["items"] + rest.json()["items"]
    assert [item["name"] for item in items] == ["c", "b", "a"]
    path = f"{TEMPLATES}/{items[0]['id']}"
    assert (await staff_api.http.delete(path)).status_code == 428
    assert (await staff_api.http.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await staff_api.http.get(path)).status_code == 404


async def test_suggestions_are_asked_for_by_key_once(staff_api: StaffApi) -> None:
    key = {"Idempotency-Key": "suggest-today"}
    asked = staff_api.http.post(f"{SUGGESTIONS}/generate", json={"limit": 5}, headers=key)
    started = await asked
    again = await staff_api.http.post(f"{SUGGESTIONS}/generate", json={"limit": 5}, headers=key)
    assert (started.status_code, again.json()) == (202, started.json())
    run_id = started.json()["run_id"]
    assert started.headers["location"] == f"/api/ingest/runs/{run_id}"
    jobs = [parse_job(delivery.body) for delivery in staff_api.jobs.receive()]
    wanted = SuggestionGenerate(run_id=run_id, limit=5, requested_by="staff@example.com")
    assert jobs == [wanted]


async def test_a_run_without_sorted_tags_suggests_nothing(staff_api: StaffApi) -> None:
    started = await staff_api.http.post(f"{SUGGESTIONS}/generate")
    await staff_api.work()
    run = (await staff_api.http.get(started.headers["location"])).json()
    assert (run["status"], run["workflow"]) == ("complete", "suggestion-generation")
    assert (await staff_api.http.get(SUGGESTIONS)).json()["items"] == []


async def test_suggestions_are_walked_the_surest_first(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    sure = [0.9, 0.8123, 0.8123, 0.1]
    await suggested(databases, *((["a", f"b{n}"], sure[n]) for n in range(4)))
    found, cursor = [], None
    while True:
        asked = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await staff_api.http.get(SUGGESTIONS, params=asked)).json()
        found += [item["confidence"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == sure


async def test_accepted_many_times_at_once_it_is_one_log(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await suggested(databases, (["Blue", "Sea"], 0.7))
    (open_,) = (await staff_api.http.get(SUGGESTIONS, params={"status": "open"})).json()["items"]
    path = f"{SUGGESTIONS}/{open_['id']}/accept"
    answers = await asyncio.gather(*(staff_api.http.post(path) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    (report,) = {answer.json()["report"]["id"] for answer in answers}
    logs = (await staff_api.http.get("/api/combo-logs")).json()["items"]
    assert [(log["id"], log["suggestion_id"]) for log in logs] == [(report, open_["id"])]
    read = (await staff_api.http.get(f"{SUGGESTIONS}/{open_['id']}")).json()
    assert (read["status"], read["report_id"]) == ("accepted", report)
    assert answers[0].headers["location"] == f"/api/combo-logs/{report}"
    refused = await staff_api.http.post(f"{SUGGESTIONS}/{open_['id']}/dismiss")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem:suggestion-closed")


async def test_a_dismissed_one_is_not_accepted(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await suggested(databases, (["Blue", "Sea"], 0.7))
    (open_,) = (await staff_api.http.get(SUGGESTIONS)).json()["items"]
    path = f"{SUGGESTIONS}/{open_['id']}"
    assert (await staff_api.http.post(f"{path}/dismiss")).json()["status"] == "dismissed"
    assert (await staff_api.http.post(f"{path}/accept")).status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{TEMPLATES}?limit=10000", None, 400),
        ("GET", f"{TEMPLATES}/mda_1", None, 404),
        ("PUT", f"{TEMPLATES}/mda_1", SPRING, 404),
        ("POST", TEMPLATES, {"name": "a", "actions": [{"action": "dance", "title": "x"}]}, 422),
        ("POST", TEMPLATES, {"name": " "}, 422),
        ("GET", f"{SUGGESTIONS}?cursor=eyJjb25maWRlbmNlIjoibmFuIiwiaWQiOiJhIn0", None, 400),
        ("GET", f"{SUGGESTIONS}?status=new", None, 400),
        ("GET", f"{SUGGESTIONS}/prd_1", None, 404),
        ("POST", f"{SUGGESTIONS}/mda_1/accept", None, 404),
        ("POST", f"{SUGGESTIONS}/mda_1/dismiss", None, 404),
        ("POST", f"{SUGGESTIONS}/generate", {"limit": 0}, 422),
    ],
)
async def test_what_cannot_be_is_refused(
    staff_api: StaffApi, method: str, path: str, body: object, status: int
) -> None:
    answer = await staff_api.http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
