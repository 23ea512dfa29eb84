"""What staff read equals what the shop's own order list says, product by product.

The expectation is made from `/_emulator/orders` in plain Python: no SQL, no event, and none of the
code between Shopify and the API.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from local.staff import METRICS, Staff

from shared.ids import derived_id
from tests.e2e.flows import refresh, sync
from tests.e2e.target import Target
from tests.fixtures.measurement_oracle import Sales, performance

Truth = Mapping[str, Any]
Sums = dict[tuple[date, str], list[int]]


class Shop:
    """The arithmetic of a shop's sales, from its orders alone."""

    def __init__(self, timezone: str, currency: str, products: Iterable[Truth]) -> None:
        self.zone, self.currency = ZoneInfo(timezone), currency
        self.gids = {product["id"]: product["gid"] for product in products}
        self.sums: Sums = defaultdict(lambda: [0, 0, 0, 0])

    def sales(self, orders: Iterable[Truth]) -> Sales:
        for order in orders:
            if not order["test"] and order["currency"] == self.currency:
                self._order(order)
        return {key: (v[0], v[1], v[2], v[3]) for key, v in self.sums.items() if any(v)}

    def _order(self, order: Truth) -> None:
        back: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for refund in order["refunds"]:
            for part in refund["lines"]:
                back[part["line_id"]][0] += part["quantity"]
                back[part["line_id"]][1] += part["net"]
                product = next(x for x in order["lines"] if x["id"] == part["line_id"])
                self._back(product, refund["created_at"], part["quantity"], part["net"])
        for line in order["lines"]:
            units, money = kept(line, taxes_included=order["taxes_included"])
            cell = self._cell(line, line["added_at"] or order["processed_at"])
            cell[0] += units
            cell[2] += money
            if order["cancelled_at"] is not None:
                rest = units - back[line["id"]][0], money - back[line["id"]][1]
                self._back(line, order["cancelled_at"], *rest)

    def _back(self, line: Truth, at: int, units: int, money: int) -> None:
        cell = self._cell(line, at)
        cell[1] += units
        cell[3] += money

    def _cell(self, line: Truth, at: int) -> list[int]:
        gid = self.gids.get(line["product_id"])
        if gid is None:
            return [0, 0, 0, 0]  # a custom line, or a product that is gone: not measured
        return self.sums[self.day(at), derived_id("prd", gid)]

    def day(self, at: int) -> date:
        return datetime.fromtimestamp(at, self.zone).date()

    def dimension(self, products: Iterable[Truth]) -> list[dict[str, Any]]:
        return [
            {
                "product_id": derived_id("prd", one["gid"]),
                "is_active": one["status"] == "ACTIVE",
                "published_day": self.day(one["published_at"]) if one["published_at"] else None,
                "created_day": self.day(one["created_at"]),
            }
            for one in products
        ]


def kept(line: Truth, *, taxes_included: bool) -> tuple[int, int]:
    """Return units and net money of what edits left of a line, in minor units."""
    units = line["quantity"] - line["removed"]
    net = line["unit_price"] * line["quantity"] - line["discounts"]
    net -= line["tax"] if taxes_included else 0
    share = Decimal(net) * units / line["quantity"]
    return units, int(share.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


async def test_every_product_is_measured_as_the_order_list_says(target: Target) -> None:
    await sync(target)
    await refresh(target)
    staff = Staff(target.staff)
    settings = await staff.document(f"{METRICS}/settings/classification")
    pages = [page async for page in staff.products(sort="product_name")]
    expected = await expectation(target, settings["spec"], pages[0].as_of)
    found = {item.product_id: item.model_dump() for page in pages for item in page.items}
    assert found.keys() == expected.keys()
    assert len(found) > 30
    for product_id, row in expected.items():
        named = {name: found[product_id][name] for name in row if name in found[product_id]}
        value = named.pop("aggregate_measurement_value")
        assert value == pytest.approx(row["aggregate_measurement_value"]), product_id
        assert named == {name: row[name] for name in named}, product_id
    assert len({row["nominal_classification"] for row in expected.values()}) >= 4


async def expectation(
    target: Target, spec: Mapping[str, Any], as_of: date | None
) -> dict[str, dict[str, Any]]:
    assert as_of is not None
    of_shop = (await target.shop.state())["shop"]
    products = await target.shop.products()
    shop = Shop(of_shop["timezone"], of_shop["currency"], products)
    sales = shop.sales(await target.shop.orders())
    return performance(sales, shop.dimension(products), spec, as_of)
