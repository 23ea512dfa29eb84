"""The performance list as CSV, for who asks for it by Accept."""

import csv
import io

import pytest

from shared.csv_text import read_list
from tests.fixtures.staff_api import PRODUCTS, StaffApi

PATH = "/api/performance-metrics"
CSV = {"Accept": "text/csv"}


async def test_the_csv_says_what_the_list_says(staff_api: StaffApi) -> None:
    listed = await staff_api.http.get(PATH, headers={"Accept": "*/*"})
    response = await staff_api.http.get(PATH, headers=CSV)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["vary"] == listed.headers["vary"] == "Accept"
    assert "link" not in response.headers
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert len(rows) == PRODUCTS
    for row, item in zip(rows, listed.json()["items"], strict=True):
        assert row.keys() == item.keys()
        assert (row["product_id"], int(row["total_units"])) == (
            item["product_id"],
            item["total_units"],
        )
        assert read_list(row["tags"]) == item["tags"]


async def test_its_pages_are_linked(staff_api: StaffApi) -> None:
    found: list[str] = []
    url = f"{PATH}?limit=3&sort=product_name"
    while url:
        response = await staff_api.http.get(url, headers=CSV)
        found += [row["product_id"] for row in csv.DictReader(io.StringIO(response.text))]
        url = response.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert found == [f"prd_{n}" for n in range(1, PRODUCTS + 1)]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/csv, application/json", "text/csv; charset=utf-8"),
        ("application/json, text/csv", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.2, application/json;q=0.8", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=many", "application/json"),
        ("", "application/json"),
    ],
)
async def test_the_better_liked_form_is_given(staff_api: StaffApi, accept: str, kind: str) -> None:
    response = await staff_api.http.get(PATH, headers={"Accept": accept})
    assert response.headers["content-type"] == kind
