"""Tag Groups: staff keeps the groups that tags are sorted into, two at a time if need be."""

from __future__ import annotations

import asyncio

from tests.e2e.staff_work import read, walked, write
from tests.e2e.target import Target

GROUPS = "/api/tag-groups"


async def test_a_group_lives(target: Target) -> None:
    made = await write(target, "POST", GROUPS, {"name": "Röntgen 🎁", "description": "of bones"})
    path = f"{GROUPS}/{made['id']}"
    taken = await target.staff.post(GROUPS, json={"name": "RÖNTGEN 🎁"})
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:problem:tag-group-name-taken")
    names = [item["name"] async for item in walked(target, GROUPS, limit=2)]
    assert "Röntgen 🎁" in names
    assert len(names) == len(set(names))

    changed = await write(target, "PUT", path, {"name": "X-rays"}, version='"1"')
    assert (changed["name"], changed["version"]) == ("X-rays", 2)
    assert (await target.staff.delete(path)).status_code == 428
    await write(target, "DELETE", path, version='"2"')
    assert (await target.staff.get(path)).status_code == 404


async def test_of_two_who_edit_one_group_one_is_told(target: Target) -> None:
    made = await write(target, "POST", GROUPS, {"name": "Contested"})
    path = f"{GROUPS}/{made['id']}"
    version = {"If-Match": '"1"'}
    answers = await asyncio.gather(
        *(target.staff.put(path, json={"name": name}, headers=version) for name in ("One", "Two"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await read(target, path) == won
    await write(target, "DELETE", path, version='"2"')
