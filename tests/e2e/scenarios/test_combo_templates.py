"""Combo Templates: creatives keep a library of what is done for a combination."""

from __future__ import annotations

import asyncio

from tests.e2e.staff_work import read, walked, write
from tests.e2e.target import Target

TEMPLATES = "/api/combo-templates"
ACTIONS = [
    {"action": "design", "title": "Draw it", "assignee": "Ann", "due_in_days": 7},
    {"action": "publish", "title": "Put it on sale", "due_in_days": 14},
]


async def test_the_library_is_kept(target: Target) -> None:
    made = await write(target, "POST", TEMPLATES, {"name": "Drop e2e", "actions": ACTIONS})
    assert [action["title"] for action in made["actions"]] == ["Draw it", "Put it on sale"]
    assert "Drop e2e" in [one["name"] async for one in walked(target, TEMPLATES, limit=1)]
    taken = await target.staff.post(TEMPLATES, json={"name": "DROP E2E"})
    assert taken.status_code == 409
    log = {"title": "With a template", "tags": ["T1 e2e", "T2 e2e"], "template_id": made["id"]}
    kept = await write(target, "POST", "/api/combo-logs", log)
    assert kept["template_id"] == made["id"]
    path = f"{TEMPLATES}/{made['id']}"
    await write(target, "DELETE", path, version='"1"')
    assert (await target.staff.get(path)).status_code == 404


async def test_two_who_edit_one_template_lose_nothing(target: Target) -> None:
    made = await write(target, "POST", TEMPLATES, {"name": "Shared e2e", "actions": ACTIONS})
    path = f"{TEMPLATES}/{made['id']}"
    answers = await asyncio.gather(
        *(
            target.staff.put(
                path,
                json={"name": "Shared e2e", "description": text, "actions": ACTIONS},
                headers={"If-Match": '"1"'},
            )
            for text in ("mine", "hers")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    held = await target.staff.get(path)
    assert held.headers["etag"] == '"2"'
    both = {**held.json(), "description": "mine and hers"}
    content = {name: both[name] for name in ("name", "description", "actions")}
    merged = await write(target, "PUT", path, content, version=held.headers["etag"])
    assert (await read(target, path)) == merged


async def test_an_action_that_cannot_be_is_refused_by_name(target: Target) -> None:
    wrong = [{**ACTIONS[0], "due_in_days": -1}]
    answer = await target.staff.post(TEMPLATES, json={"name": "Wrong e2e", "actions": wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/actions/0/due_in_days"
