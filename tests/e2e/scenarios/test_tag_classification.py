"""Tag Classification: staff looks at the tags in no group and sorts many of them at once."""

from __future__ import annotations

from tests.e2e.staff_work import new_product, read, walked, write
from tests.e2e.target import Target

BULK = "/api/tag-classifications/bulk"
UNCLASSIFIED = "/api/tag-classifications/unclassified"


async def test_new_tags_are_sorted_and_seen_at_the_product(target: Target) -> None:
    tags = ["Class A", 'Class "B"', "Class 🎁"]
    product_id, _ = await new_product(target, "Classy", *tags)
    assert {*tags} <= await unclassified(target)
    group = await write(target, "POST", "/api/tag-groups", {"name": "Classes"})
    asked = {"assignments": [{"tag": tag.upper(), "group_id": group["id"]} for tag in tags]}
    done = await write(target, "POST", BULK, asked)
    assert (done["classified"], done["unchanged"]) == (3, 0)
    again = await write(target, "POST", BULK, asked)
    assert (again["classified"], again["unchanged"]) == (0, 3)
    assert not {*tags} & await unclassified(target)
    product = await read(target, f"/api/products/{product_id}")
    assert {tag["group_name"] for tag in product["tags"]} == {"Classes"}

    path = f"/api/tag-groups/{group['id']}"
    held = await target.staff.get(path)
    assert held.json()["tags"] == 3
    await write(target, "DELETE", path, version=held.headers["etag"])
    assert {*tags} <= await unclassified(target)


async def test_one_wrong_assignment_leaves_all_of_them_undone(target: Target) -> None:
    await new_product(target, "Half sorted", "Half sorted tag")
    group = await write(target, "POST", "/api/tag-groups", {"name": "Halves"})
    asked = [
        {"tag": "Half sorted tag", "group_id": group["id"]},
        {"tag": "no product has this", "group_id": group["id"]},
    ]
    answer = await target.staff.post(BULK, json={"assignments": asked})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith("/assignments/1")
    assert "Half sorted tag" in await unclassified(target)


async def unclassified(target: Target) -> set[str]:
    return {item["name"] async for item in walked(target, UNCLASSIFIED, limit=20)}
