"""Combo Suggestions: staff has combinations suggested, takes one up and puts one aside."""

from __future__ import annotations

import asyncio

from tests.e2e.flows import complete
from tests.e2e.staff_work import read, walked, write
from tests.e2e.target import Target

SUGGESTIONS = "/api/combo-suggestions"


async def best_sold_in_two_groups(target: Target) -> None:
    """Sort the tags that sell best into two groups: what is combined is of different ones."""
    best = await write(target, "POST", "/api/tag-analytics/performance", {"limit": 40})
    tags = [item["name"] for item in best["items"] if item["products"] >= 3 and item["units"]]
    for n, group in enumerate(("Motif e2e", "Ink e2e")):
        made = await write(target, "POST", "/api/tag-groups", {"name": group})
        asked = [{"tag": tag, "group_id": made["id"]} for tag in tags[n::2]]
        await write(target, "POST", "/api/tag-classifications/bulk", {"assignments": asked})


async def generated(target: Target) -> list[dict[str, object]]:
    started = await target.staff.post(f"{SUGGESTIONS}/generate", json={"limit": 50})
    assert started.status_code == 202, started.text
    await complete(target, started.json()["run_id"])
    return [one async for one in walked(target, SUGGESTIONS, status="open")]


async def test_a_suggestion_is_accepted_once_and_not_made_again(target: Target) -> None:
    await best_sold_in_two_groups(target)
    found = await generated(target)
    confidences = [one["confidence"] for one in found]
    assert len(found) >= 2, found
    assert confidences == sorted(confidences, reverse=True)
    assert all(one["evidence"] for one in found)
    taken, aside = found[0], found[1]

    path = f"{SUGGESTIONS}/{taken['id']}"
    answers = await asyncio.gather(
        *(target.staff.post(f"{path}/accept", json={"title": "Of e2e"}) for _ in range(2))
    )
    assert {answer.status_code for answer in answers} == {200}
    (report_id,) = {answer.json()["report"]["id"] for answer in answers}
    log = await read(target, f"/api/combo-logs/{report_id}")
    assert (log["suggestion_id"], log["tags"]) == (taken["id"], taken["tags"])
    linked = await read(target, path)
    assert (linked["status"], linked["report_id"]) == ("accepted", report_id)

    await write(target, "POST", f"{SUGGESTIONS}/{aside['id']}/dismiss")
    late = await target.staff.post(f"{SUGGESTIONS}/{aside['id']}/accept")
    assert late.status_code == 409
    again = await generated(target)
    combined = {tuple(sorted(one["tags"])) for one in again}  # type: ignore[arg-type]
    assert not combined & {tuple(sorted(one["tags"])) for one in (taken, aside)}  # type: ignore[arg-type]


async def test_what_was_never_suggested_cannot_be_accepted(target: Target) -> None:
    assert (await target.staff.post(f"{SUGGESTIONS}/mda_none/accept")).status_code == 404
    answer = await target.staff.post(f"{SUGGESTIONS}/generate", json={"limit": 0})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/limit")
