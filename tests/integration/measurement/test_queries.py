"""Reads of measured products: every filter, every order, pages that neither repeat nor skip."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
import pytest_asyncio

from shared.adapters.lake.measurement_tables import PERFORMANCE
from shared.errors import InvalidInput
from shared.performance.schemas import SortField
from tests.fixtures import measurement_histories as histories
from tests.fixtures.measurement import Lab, NewLab, event, ids_of, product

DAY = date(2026, 3, 20)
COUNT = 230
Rows = dict[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def measured(module_lab: Lab) -> Lab:
    """230 products with every class, many ties, tags in two spellings and awkward names."""
    rng = histories.seeded(5)
    lab = module_lab
    lab.dimension = histories.dimension(rng, products=COUNT, last=DAY)
    names = ["Ärmel", "ärmel", "Zed", "100% Wolle", "O'Brien; DROP TABLE x", "🎁 Gift", "a_b"]
    for row in lab.dimension:
        row["product_name"] = rng.choice(names)
        row["tags"] = rng.sample(["Summer", "summer-2", "Rain", "ÉTÉ"], rng.randint(0, 3))
        row["categories"] = rng.sample(["Theme", "Colour"], rng.randint(0, 2))
        row["designer"] = rng.choice([None, "Ann", "Bo"])
    lab.spec = histories.spec(rng)
    lab.append(histories.history(rng, products=COUNT - 40, events=900, last=DAY, days=80))
    await lab.refresh(DAY)
    lab.check(DAY)
    return lab


async def walk(lab: Lab, query: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await lab.engine.query("performance", {**query, "cursor": cursor})
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


@pytest.mark.parametrize("sort", get_args(SortField))
@pytest.mark.parametrize("descending", [True, False])
async def test_a_walk_gives_each_product_once_in_order(
    measured: Lab, sort: str, *, descending: bool
) -> None:
    rows = await walk(measured, {"sort": sort, "descending": descending, "limit": 150})
    assert sorted(ids_of(rows)) == sorted(row["product_id"] for row in measured.dimension)
    known = [row for row in rows if row[sort] is not None]
    assert rows[: len(known)] == known  # what has no key comes last either way

    def key(row: dict[str, Any]) -> Any:
        return row[sort].lower() if sort == "product_name" else row[sort]

    expected = sorted(known, key=lambda row: row["product_id"])
    expected.sort(key=key, reverse=descending)
    assert ids_of(known) == ids_of(expected)
    unknown = ids_of(rows[len(known) :])
    assert unknown == sorted(unknown)


FILTERS: list[tuple[dict[str, Any], Any]] = [
    (
        {"classification": ["winner", "none"]},
        lambda r: r["nominal_classification"] in {"winner", "none"},
    ),
    ({"classification": []}, lambda _: False),
    ({"tag": ["SUMMER"]}, lambda r: "Summer" in r["tags"]),
    ({"tag": ["rain", "été"]}, lambda r: {"Rain", "ÉTÉ"} <= set(r["tags"])),
    ({"tag": ["nothing"]}, lambda _: False),
    ({"category": "theme"}, lambda r: "Theme" in r["categories"]),
    ({"designer": "ann"}, lambda r: r["designer"] == "Ann"),
    ({"is_active": False}, lambda r: not r["is_active"]),
    ({"min_sales_last_7_days": 1}, lambda r: r["sales_last_7_days"] >= 1),
    ({"min_sales_last_30_days": 2}, lambda r: r["sales_last_30_days"] >= 2),
    ({"max_sales_last_30_days": 0}, lambda r: r["sales_last_30_days"] <= 0),
    ({"text": "ÄRM"}, lambda r: "ärm" in r["product_name"].lower()),
    ({"text": "0%"}, lambda r: "0%" in r["product_name"]),
    ({"text": "%"}, lambda r: "%" in r["product_name"]),
    ({"text": "_"}, lambda r: "_" in r["product_name"]),
    ({"text": "o'brien; drop table x"}, lambda r: r["product_name"].startswith("O'B")),
    ({"text": "' OR 1=1 --"}, lambda _: False),
    ({"designer": "x' OR '1'='1"}, lambda _: False),
    ({"category": "Theme') OR true --"}, lambda _: False),
    ({"tag": ["'] OR true --"]}, lambda _: False),
    (
        {"is_active": True, "tag": ["rain"], "text": "zed", "min_sales_last_30_days": 0},
        lambda r: r["is_active"] and "Rain" in r["tags"] and r["product_name"] == "Zed"
        and r["sales_last_30_days"] >= 0,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), FILTERS, ids=range(len(FILTERS)))
async def test_each_filter(measured: Lab, query: dict[str, Any], wanted: Any) -> None:
    rows = measured.performance(DAY)
    expected = sorted(k for k, row in rows.items() if wanted(row))
    found = await walk(measured, {**query, "limit": 200, "sort": "total_units"})
    assert sorted(ids_of(found)) == expected


async def test_items_are_the_rows_of_the_table(measured: Lab) -> None:
    rows = measured.performance(DAY)
    page = await measured.engine.query("performance", {"limit": 200})
    for item in page["items"]:
        row = rows[item["product_id"]]
        assert {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} == {
            **item,
            "day": DAY.isoformat(),
        }
    assert page["as_of"] == DAY.isoformat()
    snapshot = measured.catalog.load_table(PERFORMANCE).current_snapshot()
    assert page["snapshot_id"] == str(snapshot.snapshot_id)


async def test_the_summary_totals_every_product(measured: Lab) -> None:
    rows = list(measured.performance(DAY).values())
    summary = await measured.engine.query("summary", {})
    assert summary["products"] == COUNT
    assert summary["active_products"] == sum(row["is_active"] for row in rows)
    assert summary["units_last_14_days"] == sum(row["sales_last_14_days"] for row in rows)
    assert summary["revenue_last_30_days_minor"] == sum(
        row["revenue_last_30_days_minor"] for row in rows
    )
    assert sum(summary["by_classification"].values()) == COUNT
    for name, count in summary["by_classification"].items():
        assert count == sum(row["nominal_classification"] == name for row in rows)


async def test_the_summary_of_a_day_without_measures_names_no_day(measured: Lab) -> None:
    asked = {"as_of": (DAY - timedelta(days=1)).isoformat()}
    summary = await measured.engine.query("summary", asked)
    assert (summary["products"], summary["as_of"]) == (0, None)
    asked = {"as_of": DAY.isoformat()}
    assert await measured.engine.query("summary", asked) == await measured.engine.query(
        "summary", {}
    )


class TestCursors:
    """A cursor goes on in the list that it came from, and in no other."""

    async def test_one_goes_on_in_its_snapshot_while_tables_change(self, lab: Lab) -> None:
        noon = datetime(2026, 3, 20, 12, tzinfo=UTC)
        lab.dimension = [product(f"prd_{n}") for n in range(6)]
        lab.append([event(f"e{n}", f"prd_{n}", noon, quantity=n + 1) for n in range(6)])
        await lab.refresh(DAY)
        first = await lab.engine.query("performance", {"limit": 3})
        lab.append([event("f", "prd_0", noon, quantity=50)])
        await lab.refresh(DAY + timedelta(days=1))
        rest = await lab.engine.query("performance", {"limit": 3, "cursor": first["next_cursor"]})
        assert ids_of(first["items"] + rest["items"]) == [f"prd_{n}" for n in (5, 4, 3, 2, 1, 0)]
        assert (rest["as_of"], rest["snapshot_id"]) == (first["as_of"], first["snapshot_id"])
        table = lab.catalog.load_table(PERFORMANCE)
        table.maintenance.expire_snapshots().by_id(int(first["snapshot_id"])).commit()
        with pytest.raises(InvalidInput, match="too old"):
            await lab.engine.query("performance", {"limit": 3, "cursor": first["next_cursor"]})

    @pytest.mark.parametrize(
        "other",
        [{"sort": "total_units"}, {"descending": False}, {"text": "x"}, {"as_of": "2026-03-19"}],
    )
    async def test_one_of_another_list_is_refused(
        self, measured: Lab, other: dict[str, Any]
    ) -> None:
        page = await measured.engine.query("performance", {"limit": 1})
        with pytest.raises(InvalidInput, match="another order or filter"):
            await measured.engine.query("performance", {**other, "cursor": page["next_cursor"]})

    @pytest.mark.parametrize("text", ["", "x", "é", "e30", "bnVsbA", "!!!!", "A" * 1999])
    async def test_a_broken_one_is_refused(self, measured: Lab, text: str) -> None:
        with pytest.raises(InvalidInput) as error:
            await measured.engine.query("performance", {"cursor": text})
        assert error.value.problems[0].pointer == "/cursor"

    @pytest.mark.parametrize(
        "forged",
        [
            {"key": "' OR true --"},
            {"key": True},
            {"key": 10**30},
            {"key": [1]},
            {"snapshot_id": "1 OR 1"},
            {"snapshot_id": "123"},
            {"as_of": "2026-03-20' OR true --"},
            {"product_id": None},
            {"extra": 1},
        ],
    )
    async def test_a_forged_one_is_refused(self, measured: Lab, forged: dict[str, Any]) -> None:
        query = {"limit": 1, "sort": "total_units"}
        page = await measured.engine.query("performance", query)
        raw = page["next_cursor"] + "=" * (-len(page["next_cursor"]) % 4)
        position = {**json.loads(base64.urlsafe_b64decode(raw)), **forged}
        cursor = base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
        with pytest.raises(InvalidInput):
            await measured.engine.query("performance", {**query, "cursor": cursor})


async def test_nothing_measured_yet(lab: Lab) -> None:
    page = await lab.engine.query("performance", {})
    assert page == {"items": [], "next_cursor": None, "as_of": None, "snapshot_id": None}
    summary = await lab.engine.query("summary", {})
    assert (summary["products"], summary["as_of"], summary["currency"]) == (0, None, None)
    assert set(summary["by_classification"].values()) == {0}


@pytest.mark.parametrize(
    "query",
    [{"sort": "rank; DROP"}, {"limit": 0}, {"limit": 10_000}, {"unknown": 1}, {"cursor": 5}],
)
async def test_an_invalid_query_names_the_field(lab: Lab, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as error:
        await lab.engine.query("performance", query)
    assert error.value.problems[0].pointer == "/" + next(iter(query))


@pytest.fixture(scope="module")
def module_lab(new_module_lab: NewLab) -> Lab:
    return new_module_lab("queries")
