"""A run that is cut off after any stage, or in the middle of writing, goes on and ends the same."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.lake import refresh_write
from shared.adapters.lake.measurement import STAGES, DimensionMissing, UnknownQuery
from shared.adapters.lake.measurement_tables import PERFORMANCE, SALES, SPEC, STATE
from shared.adapters.lake.refresh_classify import DimensionChanged
from shared.errors import InvalidInput
from tests.fixtures.measurement import Lab, event, product

DAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
BEFORE = timedelta(days=1)


class Killed(BaseException):
    """Stands for the end of the process: nothing in the engine may catch it."""


@pytest.fixture
async def changed(lab: Lab) -> Lab:
    """A measured lake to which new and old sales have come since, on the next day."""
    lab.dimension = [product("prd_a"), product("prd_b")]
    lab.append([event(f"e{n}", "prd_a", NOON - n * BEFORE, quantity=n) for n in (0, 10, 50, 70)])
    await lab.refresh(DAY)
    lab.append(
        [event(f"f{n}", "prd_b", NOON - n * BEFORE, quantity=n + 1) for n in (-1, 10, 46, 70)]
    )
    return lab


def snapshots(lab: Lab) -> dict[str, int]:
    tables = {"sales": SALES, "state": STATE, "performance": PERFORMANCE, "spec": SPEC}
    return {k: len(lab.catalog.load_table(v).history()) for k, v in tables.items()}


@pytest.mark.parametrize(
    ("last", "is_disk_lost"),
    [*((stage, False) for stage in STAGES), ("compute", True), ("write", True)],
)
async def test_a_new_process_goes_on_after_each_stage(
    changed: Lab, last: str, *, is_disk_lost: bool
) -> None:
    request = await changed.request(DAY + BEFORE)
    for stage in STAGES[: STAGES.index(last) + 1]:
        await changed.engine.refresh(stage, request)
    changed.engine = changed.new_engine()
    if is_disk_lost:
        shutil.rmtree(changed.directory / "staging")
        changed.engine = changed.new_engine()
    for stage in STAGES[STAGES.index(last) :]:
        report = await changed.engine.refresh(stage, request)
    assert report["mode"] == "incremental"
    assert report["snapshot_id"] == str(
        changed.catalog.load_table(PERFORMANCE).current_snapshot().snapshot_id
    )
    changed.check(DAY + BEFORE)
    assert snapshots(changed) == {"sales": 2, "state": 2, "performance": 2, "spec": 1}


@pytest.mark.parametrize("commits", range(4))
@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_write_that_dies_between_two_commits(
    changed: Lab, monkeypatch: pytest.MonkeyPatch, commits: int, *, goes_on: bool
) -> None:
    """The same run goes on, or it never comes back and the next one finds half of its work."""
    changed.spec_version += 1
    request = await changed.request(DAY + BEFORE)
    for stage in STAGES[:3]:
        await changed.engine.refresh(stage, request)
    done = 0

    def dying(*arguments: Any, **options: Any) -> Any:
        nonlocal done
        if done == commits:
            raise Killed
        done += 1
        return commit(*arguments, **options)

    commit = refresh_write.commit
    with monkeypatch.context() as patched:
        patched.setattr(refresh_write, "commit", dying)
        with pytest.raises(Killed):
            await changed.engine.refresh("write", request)
    changed.engine = changed.new_engine()
    if goes_on:
        await changed.engine.refresh("write", request)
        assert snapshots(changed) == {"sales": 2, "state": 2, "performance": 2, "spec": 2}
    else:
        changed.append([event("g", "prd_a", NOON - 47 * BEFORE, quantity=100)])
        await changed.refresh(DAY + BEFORE)
    changed.check(DAY + BEFORE)
    await changed.refresh(DAY + 9 * BEFORE)
    changed.check(DAY + 9 * BEFORE)


async def test_a_finished_run_that_is_asked_again_changes_nothing(changed: Lab) -> None:
    request = await changed.request(DAY + BEFORE)
    reports = [await changed.engine.refresh(stage, request) for stage in STAGES]
    before = snapshots(changed)
    again = [await changed.engine.refresh(stage, request) for stage in STAGES]
    assert again[-1] == reports[-1]
    assert snapshots(changed) == before


async def test_a_run_that_another_overtook_is_made_again(changed: Lab) -> None:
    """One writer is the rule; where two meet nevertheless, the later one starts over."""
    slow = await changed.request(DAY + BEFORE)
    for stage in STAGES[:3]:
        await changed.engine.refresh(stage, slow)
    changed.append([event("h", "prd_a", NOON, quantity=7)])
    await changed.refresh(DAY + BEFORE)
    changed.append([event("i", "prd_a", NOON + BEFORE, quantity=9)])
    report = await changed.engine.refresh("write", slow)
    assert report["mode"] == "incremental"
    changed.check(DAY + BEFORE)


async def test_a_run_that_is_started_anew_is_measured_anew(
    changed: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died after sales were written; meanwhile the day and the products are others."""
    request = await changed.request(DAY + BEFORE, run_id="again")
    with monkeypatch.context() as patched:
        patched.setattr(refresh_write.Writer, "_write_performance", _die)
        with pytest.raises(Killed):
            await changed.engine.refresh("write", request)
    changed.dimension.append(product("prd_c"))
    changed.append([event("j", "prd_c", NOON - 60 * BEFORE)])
    request = await changed.request(DAY + 2 * BEFORE, run_id="again")
    for stage in STAGES:
        await changed.engine.refresh(stage, request)
    changed.check(DAY + 2 * BEFORE)


def _die(*_: object) -> None:
    raise Killed


class TestWhatIsRefused:
    """A request that cannot be right changes nothing and says why."""

    async def test_a_run_id_that_leads_out_of_the_directory(self, changed: Lab) -> None:
        request = await changed.request(DAY, run_id="../../etc")
        with pytest.raises(InvalidInput) as error:
            await changed.engine.refresh("query", request)
        assert error.value.problems[0].pointer == "/run_id"

    async def test_a_missing_dimension(self, changed: Lab) -> None:
        request = {**await changed.request(DAY), "dimension_key": "dimension/none"}
        with pytest.raises(DimensionMissing):
            await changed.engine.refresh("query", request)

    async def test_a_dimension_that_is_not_the_one_that_was_replicated(self, changed: Lab) -> None:
        request = {**await changed.request(DAY), "dimension_hash": "0" * 64}
        with pytest.raises(DimensionChanged):
            await changed.engine.refresh("write", request)
        assert snapshots(changed)["performance"] == 1

    @pytest.mark.parametrize("currency", ["usd", "US", "'; DROP TABLE x; --"])
    async def test_a_currency_that_is_none(self, changed: Lab, currency: str) -> None:
        with pytest.raises(InvalidInput):
            await changed.engine.refresh(
                "query", {**await changed.request(DAY), "currency": currency}
            )

    async def test_unknown_stages_and_queries(self, changed: Lab) -> None:
        with pytest.raises(UnknownQuery):
            await changed.engine.refresh("drop", await changed.request(DAY))
        with pytest.raises(UnknownQuery):
            await changed.engine.query("drop", {})
