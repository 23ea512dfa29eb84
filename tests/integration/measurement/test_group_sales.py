"""Sales by tag, tag group and designer, compared with sums over plain lists."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.errors import InvalidInput
from tests.fixtures import measurement_histories as histories
from tests.fixtures.measurement import Lab, NewLab

DAY = date(2026, 3, 20)
COUNT = 40
SEED = 7


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def grouped(new_module_lab: NewLab) -> Lab:
    """Forty products with several tags, groups and designers, and sales over 80 days."""
    rng, lab = histories.seeded(SEED), new_module_lab("groups")
    lab.dimension = histories.dimension(rng, products=COUNT, last=DAY)
    for row in lab.dimension:
        row["tags"] = rng.sample(["Summer", 'a "quote", here', "🎁", "É" * 255], rng.randint(0, 3))
        row["categories"] = rng.sample(["Theme", "Colour"], rng.randint(0, 2))
        row["designer"] = rng.choice([None, "Ann", "Bo"])
    lab.append(histories.history(rng, products=COUNT - 5, events=400, last=DAY, days=80))
    await lab.refresh(DAY)
    return lab


def names_of(row: dict[str, Any], group_by: str) -> list[str]:
    if group_by == "designer":
        return [row["designer"]] if row["designer"] else []
    names: list[str] = row["tags" if group_by == "tag" else "categories"]
    return names


def expected(
    lab: Lab, group_by: str, since: date, until: date
) -> tuple[dict[str, list[int]], list[int]]:
    """Return products, active ones, net units and net money of each group, and of all."""
    net: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (day, product), (units, back, money, money_back) in lab.sales().items():
        if since <= day <= until:
            net[product][0] += units - back
            net[product][1] += money - money_back
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    total = [0, 0, 0, 0]
    for row in lab.dimension:
        sold = [1, int(row["is_active"]), *net[row["product_id"]]]
        found = names_of(row, group_by)
        for target in [groups[name] for name in found] + ([total] if found else []):
            target[:] = [a + b for a, b in zip(target, sold, strict=True)]
    return groups, total


def figures(item: dict[str, Any]) -> list[int]:
    return [item[name] for name in ("products", "active_products", "units", "revenue_minor")]


@pytest.mark.parametrize("group_by", ["tag", "category", "designer"])
@pytest.mark.parametrize(("first", "last"), [(29, 0), (79, 40), (3, 3)])
async def test_each_group_has_the_sums_of_its_products(
    grouped: Lab, group_by: str, first: int, last: int
) -> None:
    since, until = DAY - timedelta(days=first), DAY - timedelta(days=last)
    asked = {"group_by": group_by, "since": since.isoformat(), "until": until.isoformat()}
    page = await grouped.engine.query("group-sales", asked)
    groups, total = expected(grouped, group_by, since, until)
    assert {item["name"]: figures(item) for item in page["items"]} == groups
    assert figures(page["total"]) == total
    assert (page["as_of"], page["currency"]) == (DAY.isoformat(), grouped.currency)


async def test_thirty_days_up_to_the_newest_are_the_default(grouped: Lab) -> None:
    page = await grouped.engine.query("group-sales", {})
    assert (page["since"], page["until"]) == ("2026-02-19", "2026-03-20")
    groups, _ = expected(grouped, "tag", date(2026, 2, 19), DAY)
    units = [item["units"] for item in page["items"]]
    assert sorted(units, reverse=True) == units
    assert units == sorted((sums[2] for sums in groups.values()), reverse=True)


async def test_named_groups_only_in_any_case(grouped: Lab) -> None:
    asked = {"names": ["SUMMER", "🎁", "no such tag"], "sort": "name"}
    page = await grouped.engine.query("group-sales", asked)
    assert [item["name"] for item in page["items"]] == ["Summer", "🎁"]
    bearing = [row for row in grouped.dimension if {"Summer", "🎁"} & {*row["tags"]}]
    assert page["total"]["products"] == len(bearing)
    assert (await grouped.engine.query("group-sales", {"names": []}))["items"] == []


async def test_a_walk_gives_each_group_once_though_a_refresh_comes_between(
    new_lab: NewLab,
) -> None:
    rng, lab = histories.seeded(SEED), new_lab("walk")
    lab.dimension = histories.dimension(rng, products=4, last=DAY)
    for number, row in enumerate(lab.dimension):
        row["tags"] = [f"t{number}"]
    lab.append(histories.history(rng, products=4, events=20, last=DAY, days=10))
    await lab.refresh(DAY)
    whole = (await lab.engine.query("group-sales", {}))["items"]
    first = await lab.engine.query("group-sales", {"limit": 3})
    lab.append(histories.history(rng, products=4, events=20, last=DAY, days=10))
    await lab.refresh(DAY)
    rest = await lab.engine.query("group-sales", {"cursor": first["next_cursor"]})
    assert first["items"] + rest["items"] == whole
    assert rest["next_cursor"] is None


async def test_before_the_first_refresh_there_is_nothing(lab: Lab) -> None:
    page = await lab.engine.query("group-sales", {})
    assert (page["items"], page["total"]["products"], page["snapshot_id"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"since": "2026-03-21", "until": "2026-03-20"}, "/from"),
        ({"since": "2025-01-01"}, "/from"),
        ({"since": "9999-12-31"}, "/from"),
        ({"until": "0001-01-01", "since": "0001-01-02"}, "/from"),
        ({"group_by": "colour"}, "/group_by"),
        ({"limit": 10_000}, "/limit"),
        ({"cursor": "nonsense"}, "/cursor"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    grouped: Lab, asked: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await grouped.engine.query("group-sales", asked)
    assert refused.value.problems[0].pointer == pointer


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"until": "0001-01-01"}, ("0001-01-01", "0001-01-01")),
        ({"until": "0001-01-20"}, ("0001-01-01", "0001-01-20")),
        ({"since": "9999-12-31", "until": "9999-12-31"}, ("9999-12-31", "9999-12-31")),
        ({"since": "2026-03-19", "until": "9999-12-31"}, None),
        ({"since": "2025-02-14", "until": "2026-03-20"}, ("2025-02-14", "2026-03-20")),
        ({"since": "2025-02-13", "until": "2026-03-20"}, None),
    ],
)
async def test_the_calendar_has_a_first_and_a_last_day(
    grouped: Lab, asked: dict[str, Any], days: tuple[str, str] | None
) -> None:
    if days is None:
        with pytest.raises(InvalidInput, match="/from: must be a day from"):
            await grouped.engine.query("group-sales", asked)
        return
    page = await grouped.engine.query("group-sales", asked)
    assert (page["since"], page["until"]) == days


async def test_the_cursor_of_another_list_is_refused(grouped: Lab) -> None:
    page = await grouped.engine.query("group-sales", {"limit": 1})
    with pytest.raises(InvalidInput, match="another order or filter"):
        await grouped.engine.query("group-sales", {"sort": "name", "cursor": page["next_cursor"]})
