"""No list of the staff API reads a large table from end to end: the plans of what it asks."""

from __future__ import annotations

from typing import Final

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from tests.fixtures.large_shop import ShopSize, fill_shop, large_tables
from tests.fixtures.plans import RecordingDatabases, end_to_end
from tests.fixtures.staff_api import StaffApi
from tests.fixtures.staff_lists import LISTS, PRODUCT, documented_lists

ROWS: Final = 6_000
"""As many orders and products: enough for the planner to mind."""
OTHER_READS: Final = (
    ("GET", f"/api/products/{PRODUCT}", None),
    ("GET", "/api/products?text=lamp&is_active=true", None),
    ("GET", "/api/products?tag=tag%207", None),
    ("POST", "/api/orders/lookup", {"names": ["#7"], "numbers": [8], "limit": 5}),
    ("POST", "/api/orders/lookup", {"email_hashes": ["0" * 64]}),
    ("POST", "/api/orders/lookup", {"gids": ["gid://shopify/Order/9"]}),
)


def test_every_list_of_the_contract_is_known() -> None:
    assert {(one.method, one.path) for one in LISTS} == documented_lists()


@pytest.mark.slow
async def test_lists_read_by_index(
    staff_api: StaffApi, databases: AsyncpgDatabases, database_url: str
) -> None:
    await fill_shop(database_url, ShopSize(ROWS, ROWS))
    large = await large_tables(database_url, ROWS)
    assert {"order_header", "product", "macrodata_artifact"} <= large
    recording = RecordingDatabases(databases)
    staff_api.configure(databases=recording)
    async with databases.open() as db:
        for listing in LISTS:
            for asked in (await listing.requests(staff_api.http)).values():
                recording.asked.clear()
                await listing.ask(staff_api.http, asked)
                wrong = await end_to_end(db, recording.asked, large)
                assert not wrong, (listing.path, asked, wrong)
        for method, path, body in OTHER_READS:
            recording.asked.clear()
            answer = await staff_api.http.request(method, path, json=body)
            assert answer.status_code == 200, (path, answer.text)
            assert recording.asked, path
            assert not await end_to_end(db, recording.asked, large), path
