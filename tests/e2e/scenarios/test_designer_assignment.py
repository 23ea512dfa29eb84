"""Designer Assignment: the creative lead says whose tags are whose, and sees what each one sold."""

from __future__ import annotations

from urllib.parse import quote

from tests.e2e.flows import refresh
from tests.e2e.staff_work import metrics_of, new_product, sold, walked, write
from tests.e2e.target import Target

DESIGNERS = "/api/designers"
NAME = 'Zoë "Z" O\'Neil / 🎨'


async def test_sales_follow_the_tags(target: Target) -> None:
    product_id, variant = await new_product(target, "Signed poster", "By Zoe")
    await sold(target, variant, 5)
    assigned = await write(
        target, "POST", f"{DESIGNERS}/assign", {"designer": NAME, "tags": ["by zoe"]}
    )
    assert assigned == {"assigned": 1}
    assert (await named(target))[NAME] == ["By Zoe"]
    taken = await target.staff.post(
        f"{DESIGNERS}/assign", json={"designer": "Bo", "tags": ["By Zoe"]}
    )
    assert taken.status_code == 409

    await target.settled()
    await refresh(target)
    item = await target.eventually(lambda: metrics_of(target, product_id, designer=NAME))
    assert item["designer"] == NAME
    (zoe,) = [one async for one in walked(target, DESIGNERS) if one["name"] == NAME]
    assert (zoe["sales"]["products"], zoe["sales"]["units"]) == (1, 5)

    query = {"designer": NAME, "tag": "By Zoe"}
    answer = await target.staff.delete(f"{DESIGNERS}/unassign", params=query)
    assert answer.status_code == 204
    again = await target.staff.delete(f"{DESIGNERS}/unassign", params=query)
    assert again.status_code == 404


async def test_a_designer_who_leaves_gives_the_tags_back(target: Target) -> None:
    await new_product(target, "Unsigned poster", "By Yves")
    await write(target, "POST", f"{DESIGNERS}/assign", {"designer": "Yves", "tags": ["By Yves"]})
    path = f"{DESIGNERS}/{quote('Yves', safe='')}"
    assert (await target.staff.delete(path)).status_code == 204
    assert "Yves" not in await named(target)
    assert (await target.staff.delete(path)).status_code == 404
    await write(target, "POST", f"{DESIGNERS}/assign", {"designer": "Bo", "tags": ["By Yves"]})


async def named(target: Target) -> dict[str, list[str]]:
    return {one["name"]: one["tags"] async for one in walked(target, f"{DESIGNERS}/names", limit=1)}
