"""Tag Analytics: staff refreshes the measures and sees what tags and their groups sell."""

from __future__ import annotations

from urllib.parse import quote

from tests.e2e.flows import complete
from tests.e2e.staff_work import new_product, read, sold, write
from tests.e2e.target import Target

ANALYTICS = "/api/tag-analytics"


async def test_tags_and_their_group_add_up(target: Target) -> None:
    sales = {"Moon, full": 3, "Moon, half": 1}
    for tag, units in sales.items():
        _, variant = await new_product(target, f"Print of {tag}", tag, "Every moon")
        await sold(target, variant, units)
    group = await write(target, "POST", "/api/tag-groups", {"name": "Moons"})
    asked = [{"tag": tag, "group_id": group["id"]} for tag in sales]
    await write(target, "POST", "/api/tag-classifications/bulk", {"assignments": asked})
    await target.settled()
    await target.land()
    refresh = await target.staff.post(f"{ANALYTICS}/refresh")
    assert refresh.status_code == 202, refresh.text
    await complete(target, refresh.json()["run_id"])

    measured = await write(
        target, "POST", f"{ANALYTICS}/performance", {"tags": [*sales, "Every moon"]}
    )
    assert {item["name"]: item["units"] for item in measured["items"]} == {
        **sales,
        "Every moon": 4,
    }
    assert (measured["total"]["units"], measured["total"]["products"]) == (4, 2)
    spread = await read(target, f"{ANALYTICS}/distribution/{quote('moons')}")
    assert [(item["name"], item["share_of_units"]) for item in spread["items"]] == [
        ("Moon, full", 0.75),
        ("Moon, half", 0.25),
    ]
    assert await read(target, f"{ANALYTICS}/group-performance/{group['id']}") == spread


async def test_unknown_groups_and_days_without_measures_are_told(target: Target) -> None:
    for path in ("distribution/no-such-group", "group-performance/tgr_none"):
        assert (await target.staff.get(f"{ANALYTICS}/{path}")).status_code == 404
    answer = await target.staff.post(f"{ANALYTICS}/performance", json={"from": "2011-01-01"})
    assert answer.status_code == 400
    nothing = await write(target, "POST", f"{ANALYTICS}/performance", {"tags": ["never seen"]})
    assert nothing["total"]["units"] == 0
