"""Suggestion Generation over a real lake and database: what is suggested, and only once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.combos import suggesting
from shared.combos.acceptance import dismiss_suggestion
from shared.combos.models import ComboReport, KeptSuggestion
from shared.combos.reports import add_report
from shared.combos.repository import Combos
from shared.ports import JsonObject
from shared.tags.models import tag_id
from tests.fixtures.measurement import START, Lab, event, product
from tests.fixtures.workflow_runs import NOW, LabFactory, WorkflowLab

NAME = "suggestion-generation"
GROUPS = {"Blue": "Colour", "Red": "Colour", "Sea": "Motif", "Fox": "Motif", "Phone": "Model"}


@pytest.fixture
async def measured(lab: Lab) -> Lab:
    """A lake where blue, sea and phone sell well, and red and fox do not."""
    tags = [["Blue"], ["Sea"], ["Phone"], ["Red"], ["Fox"], ["Unsorted"], []]
    units = [40, 30, 20, 1, 1, 5, 5]
    for number in range(49):
        name = f"prd_{number:03}"
        lab.dimension.append(product(name, tags=tags[number % 7]))
    lab.dimension.append(product("prd_off", tags=["Red", "Fox"], is_active=False))
    lab.append(
        [event(f"e{n}", f"prd_{n:03}", START, quantity=units[n % 7]) for n in range(49)]
        + [event("off", "prd_off", START, quantity=10_000)]
    )
    await lab.refresh(START.date())
    return lab


async def prepared(platform: WorkflowLab, lab: Lab) -> WorkflowLab:
    platform.others["measurement"] = lab.engine
    async with platform.databases.open() as db:
        for group in sorted(set(GROUPS.values())):
            await db.execute(
                "INSERT INTO product_category VALUES ($1, $2, NULL, 0, 1, now(), 't', now(), 't')",
                f"pct_{group}",
                group,
            )
        for name, group in [*GROUPS.items(), ("Unsorted", None)]:
            await db.execute(
                "INSERT INTO product_tag (id, name, category_id) VALUES ($1, $2, $3)",
                tag_id(name),
                name,
                f"pct_{group}" if group else None,
            )
    return platform


async def generated(platform: WorkflowLab, run_id: str, **more: Any) -> list[KeptSuggestion]:
    payload: JsonObject = {"run_id": run_id, "requested_by": "ann", **more}
    status = await platform.run(NAME, payload)
    assert status.state == "complete", status.error
    async with platform.databases.open() as db:
        return list(await Combos(db).suggestions(limit=100))


async def test_good_tags_of_different_groups_are_combined(
    workflow_lab: WorkflowLab, measured: Lab
) -> None:
    platform = await prepared(workflow_lab, measured)
    found = await generated(platform, "run_1")
    combined = {frozenset(suggestion.tags) for suggestion in found}
    assert combined == {
        frozenset({"Blue", "Sea"}), frozenset({"Blue", "Phone"}), frozenset({"Sea", "Phone"}),
        frozenset({"Blue", "Sea", "Phone"}),
    }  # fmt: skip
    assert set(found[0].tags) == {"Blue", "Sea"}
    assert [suggestion.rank for suggestion in found] == [1, 2, 3, 4]
    assert all(0 < suggestion.confidence < 1 for suggestion in found)
    evidence = found[0].evidence
    assert (evidence["as_of"], evidence["window"]) == (
        START.date().isoformat(), "sales_last_30_days",
    )  # fmt: skip
    blue = next(part for part in evidence["parts"] if part["tag"] == "Blue")
    assert (blue["products"], blue["units"], blue["category"]) == (7, 280, "Colour")
    assert blue["examples"][0] == {"product_id": "prd_000", "units": 40}
    assert evidence["shop"]["products"] == 49
    assert found[0].created_by == "ann"
    summary = await platform.summary("run_1")
    assert (summary["status"], summary["suggestions"], summary["products"]) == ("complete", 4, 49)
    assert await platform.objects() == {}


async def test_what_is_known_is_not_suggested(workflow_lab: WorkflowLab, measured: Lab) -> None:
    platform = await prepared(workflow_lab, measured)
    async with platform.databases.open() as db:
        await add_report(db, ComboReport(title="A", tags=["sea", "BLUE"]), at=NOW, by="t")
    first = await generated(platform, "run_1", limit=2)
    assert len(first) == 2
    assert all(set(s.tags) != {"Blue", "Sea"} for s in first)
    async with platform.databases.open() as db:
        await dismiss_suggestion(db, first[0].id, at=NOW, by="t")
    second = await generated(platform, "run_2")
    assert frozenset({"Blue", "Sea"}) not in {frozenset(s.tags) for s in second}
    assert first[0].id not in {s.id for s in second}
    assert len(second) == 2
    assert await generated(platform, "run_3") == second


async def test_the_same_input_gives_the_same_suggestions_also_when_killed(
    workflow_labs: LabFactory, measured: Lab
) -> None:
    states = []
    for killed in (False, True):
        platform = await prepared(await workflow_labs(), measured)
        payload: JsonObject = {"run_id": "run_1"}
        run = platform.run_killed_everywhere if killed else platform.run
        assert (await run(NAME, payload)).state == "complete"
        async with platform.databases.open() as db:
            states.append(list(await Combos(db).suggestions(limit=100)))
        assert await platform.objects() == {}
        assert (await platform.summary("run_1"))["suggestions"] == 4
    assert [replace(s, version=1) for s in states[0]] == states[1]


async def test_pages_of_one_snapshot_are_copied(
    workflow_lab: WorkflowLab, measured: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggesting.limits, "PAGE_SIZE_MAX", 20)
    objects = workflow_lab.ports.objects
    copy = await suggesting.copy_products(measured.engine, objects, run_id="r")
    assert (copy.products, copy.as_of) == (49, START.date().isoformat())
    assert copy.snapshot_id is not None
    body = await objects.get(copy.key)
    assert body is not None
    assert len(body.splitlines()) == 49


async def test_a_shop_that_was_never_measured_gets_none(
    workflow_lab: WorkflowLab, lab: Lab
) -> None:
    platform = await prepared(workflow_lab, lab)
    assert await generated(platform, "run_1") == []
