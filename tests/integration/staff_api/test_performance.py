"""The performance routes over a small measured lake whose numbers can be told by heart."""

import pytest

from shared.adapters.embedded.cache import JournalCache
from shared.errors import Unavailable
from shared.ports import JsonObject
from tests.fixtures.staff_api import AS_OF, PRODUCTS, StaffApi

METRICS = "/api/performance-metrics"
SUMMARY = f"{METRICS}/stats/summary"


class _Unreachable:
    """A measurement engine that is down."""

    async def refresh(self, stage: str, _request: JsonObject, /) -> JsonObject:
        raise Unavailable(stage)

    async def query(self, name: str, _request: JsonObject, /) -> JsonObject:
        raise Unavailable(name)


async def ids(api: StaffApi, **query: object) -> list[str]:
    response = await api.http.get(METRICS, params=query)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    return [item["product_id"] for item in response.json()["items"]]


async def test_lists_every_product_with_its_measures(staff_api: StaffApi) -> None:
    page = (await staff_api.http.get(METRICS)).json()
    assert page["as_of"] == AS_OF.isoformat()
    assert page["next_cursor"] is None
    assert page["snapshot_id"]
    assert len(page["items"]) == PRODUCTS
    best = page["items"][0]
    assert best["product_id"] == "prd_6"
    assert (best["sales_last_7_days"], best["sales_last_14_days"]) == (12, 18)
    assert best["revenue_last_30_days_minor"] == 3000
    never = page["items"][-1]
    assert (never["product_id"], never["total_units"]) == ("prd_7", 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tag": "t3"}, ["prd_3"]),
        ({"tag": ["all", "t5"]}, ["prd_5"]),
        ({"tag": ["t1", "t5"]}, []),
        ({"is_active": "false"}, ["prd_6", "prd_4", "prd_2"]),
        ({"min_sales_last_7_days": 10}, ["prd_6", "prd_5"]),
        ({"min_sales_last_30_days": 6, "max_sales_last_30_days": 9}, ["prd_3", "prd_2"]),
        ({"text": "OF PRD_4"}, ["prd_4"]),
        ({"text": "%"}, []),
        ({"sort": "product_name", "limit": 2}, ["prd_1", "prd_2"]),
        ({"sort": "-product_name", "limit": 2}, ["prd_7", "prd_6"]),
        ({"sort": "-sales_last_30_days", "limit": 1}, ["prd_6"]),
        ({"sort": "sales_last_30_days", "limit": 1}, ["prd_7"]),
        ({"as_of": "2020-01-01"}, []),
    ],
)
async def test_filters_and_sorts(
    staff_api: StaffApi, query: dict[str, object], expected: list[str]
) -> None:
    assert await ids(staff_api, **query) == expected


async def test_pages_by_cursor(staff_api: StaffApi) -> None:
    seen: list[str] = []
    query = {"limit": "3", "sort": "product_name"}
    for _ in range(3):
        page = (await staff_api.http.get(METRICS, params=query)).json()
        seen += [item["product_id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert seen == [f"prd_{n}" for n in range(1, PRODUCTS + 1)]
    assert query["cursor"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": "0"}, "/limit"),
        ({"limit": "201"}, "/limit"),
        ({"limit": "x"}, "/limit"),
        ({"sort": "price"}, "/sort"),
        ({"sort": "--total_units"}, "/sort"),
        ({"classification": "best"}, "/classification/0"),
        ({"is_active": "perhaps"}, "/is_active"),
        ({"colour": "red"}, "/colour"),
        ({"min_sales_last_7_days": "1e9"}, "/min_sales_last_7_days"),
        ({"cursor": "made-up"}, "/cursor"),
        ({"cursor": "x" * 3000}, "/cursor"),
        ({"text": "x" * 201}, "/text"),
        ({"as_of": "yesterday"}, "/as_of"),
    ],
)
async def test_a_bad_parameter_is_named(
    staff_api: StaffApi, query: dict[str, str], pointer: str
) -> None:
    response = await staff_api.http.get(METRICS, params=query)
    problem = response.json()
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["errors"][0]["pointer"] == pointer
    assert problem["instance"] == METRICS


async def test_a_cursor_belongs_to_its_list(staff_api: StaffApi) -> None:
    page = (await staff_api.http.get(METRICS, params={"limit": "1"})).json()
    other = {"limit": "1", "sort": "product_name", "cursor": page["next_cursor"]}
    response = await staff_api.http.get(METRICS, params=other)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/cursor"


async def test_totals_the_products(staff_api: StaffApi) -> None:
    summary = (await staff_api.http.get(SUMMARY)).json()
    units = sum(range(1, PRODUCTS))
    assert summary["products"] == PRODUCTS
    assert summary["active_products"] == 4
    assert summary["units_last_7_days"] == 2 * units
    assert summary["units_last_30_days"] == 3 * units
    assert sum(summary["by_classification"].values()) == PRODUCTS
    assert (await staff_api.http.get(SUMMARY, params={"x": "1"})).status_code == 400


@pytest.mark.parametrize("day", ["1999-01-01", "0001-01-01", "9999-12-31", "2026-11-19"])
async def test_a_day_that_was_not_measured_has_no_totals(staff_api: StaffApi, day: str) -> None:
    staff_api.configure(cache=JournalCache(staff_api.jobs.journal, clock=staff_api.clock))
    for _ in range(2):  # the second is answered from what is kept
        response = await staff_api.http.get(SUMMARY, params={"as_of": day})
        assert response.status_code == 404
        assert response.json()["title"] == "There are no measures of this day."
        assert day in response.json()["detail"]
    newest = (await staff_api.http.get(SUMMARY, params={"as_of": AS_OF.isoformat()})).json()
    assert newest == (await staff_api.http.get(SUMMARY)).json()


async def test_answers_are_kept_by_snapshot(staff_api: StaffApi) -> None:
    cache = JournalCache(staff_api.jobs.journal, clock=staff_api.clock)
    staff_api.configure(cache=cache)
    first = (await staff_api.http.get(METRICS)).json()
    engine = staff_api.bindings.measurement
    staff_api.configure(measurement=_Unreachable())
    assert (await staff_api.http.get(METRICS)).json() == first
    assert (await staff_api.http.get(METRICS, params={"limit": "3"})).status_code == 503
    staff_api.configure(measurement=engine)
    assert len((await staff_api.http.get(METRICS, params={"limit": "3"})).json()["items"]) == 3
