"""An exported CSV becomes a shop whose sums are those of the file."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from local.shopify.csv_orders import orders_from_csv
from local.shopify.csv_rows import OrdersCsvInvalid
from local.shopify.totals import financial_status, fulfillment_status, order_totals
from local.shopify.truth import all_orders

from shared.clock import FixedClock

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfilled at,Currency,Subtotal,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,"
    "Cancelled at,Refunded Amount,Id,Tags"
)
ROWS = """\
#1002,a@x.example,paid,2026-11-01 10:05:00 -0500,2026-11-02 09:00:00 -0500,USD,65.00,\
2026-11-01 10:00:00 -0500,2,"Tote, large",20.00,TOTE-L,5.00,,0.00,5123456789012,"vip, b2b"
#1002,,,,,,,,1,Mug 🎁,30.00,,,,,,
#1003,b@x.example,refunded,2026-11-03 08:00:00 -0500,,USD,30.00,\
2026-11-03 08:00:00 -0500,1,Mug 🎁,30.00,,0,2026-11-04 08:00:00 -0500,30.00,5123456789013,
#1004,c@x.example,partially_refunded,2024-02-29 23:59:00 -0500,,USD,40.00,\
2024-02-29 23:58:00 -0500,2,"Tote, large",20.00,TOTE-L,0,,12.50,5123456789014,
#1005,,pending,,,USD,9.99,2026-11-05 10:00:00 -0500,1,Sticker,9.99,,0,,,,
""".splitlines()


def write(path: Path, rows: list[str], header: str = HEADER) -> Path:
    file = path / "orders_export.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")
    return file


@pytest.fixture
def store(tmp_path):
    clock = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))
    return orders_from_csv(write(tmp_path, ROWS), timezone="America/New_York", clock=clock)


class TestGoodFile:
    def test_units_and_revenue_equal_an_independent_sum_over_the_file(self, tmp_path, store):
        units: Counter[tuple[str, int]] = Counter()
        revenue: Counter[tuple[str, int]] = Counter()
        created: dict[str, int] = {}
        with write(tmp_path, ROWS).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["Created at"]:
                    when = datetime.strptime(row["Created at"], "%Y-%m-%d %H:%M:%S %z")
                    created[row["Name"]] = int(when.timestamp())
                key = row["Lineitem name"], created[row["Name"]]
                worth = Decimal(row["Lineitem price"]) * int(row["Lineitem quantity"])
                units[key] += int(row["Lineitem quantity"])
                revenue[key] += int((worth - Decimal(row["Lineitem discount"] or 0)) * 100)
        for order in all_orders(store):
            for line in order["lines"]:
                key = store.products[line["product_id"]].title, order["created_at"]
                units[key] -= line["quantity"]
                revenue[key] -= line["unit_price"] * line["quantity"] - line["discounts"]
        assert set(units.values()) == {0}
        assert set(revenue.values()) == {0}

    def test_orders_are_in_the_order_of_time_with_their_ids(self, store):
        orders = [store.order(index) for index in range(store.count())]
        assert [order.name for order in orders] == ["#1004", "#1002", "#1003", "#1005"]
        assert store.order_by_id(5123456789012).tags == ["vip", "b2b"]
        assert store.order_by_id(5123456789012).number == 1002

    def test_a_whole_refund_gives_back_every_line_on_the_day_of_cancellation(self, store):
        order = store.order_by_id(5123456789013)
        (refund,) = order.refunds
        assert refund.created_at == order.cancelled_at
        assert [(part.quantity, part.net.shop) for part in refund.lines] == [(1, 3000)]
        assert order.lines[0].current == 0
        assert financial_status(order, order_totals(order)) == "REFUNDED"

    def test_a_smaller_refund_is_goodwill_without_lines(self, store):
        order = store.order_by_id(5123456789014)
        (refund,) = order.refunds
        assert (refund.lines, refund.money.shop) == ([], 1250)
        assert order.lines[0].current == 2

    def test_payment_and_shipping_follow_their_columns(self, store):
        paid, pending = store.order_by_id(5123456789012), store.order(3)
        assert order_totals(paid).received.shop == 6500
        assert fulfillment_status(paid) == "FULFILLED"
        assert financial_status(pending, order_totals(pending)) == "PENDING"
        assert not pending.fulfillments

    def test_products_are_the_distinct_names(self, store):
        titles = {product.title: product for product in store.products.values()}
        assert titles.keys() == {"Tote, large", "Mug 🎁", "Sticker"}
        assert [one.sku for one in titles["Tote, large"].variants] == ["TOTE-L"]


class TestBadRows:
    @pytest.mark.parametrize(
        ("row", "column", "text"),
        [
            (ROWS[4].replace("9.99,,0", "nine,,0"), "Lineitem price", "'nine' is not an amount"),
            (
                ROWS[4].replace(",1,Sticker", ",0,Sticker"),
                "Lineitem quantity",
                "'0' is not a whole",
            ),
            (ROWS[4].replace("2026-11-05 10:00:00 -0500", "05/11/26"), "Created at", "'05/11/26'"),
            (ROWS[4].replace("Sticker", ""), "Lineitem name", "is empty"),
            (ROWS[4].replace("9.99,,0", "9.999,,0"), "Lineitem price", "more decimals than USD"),
            (ROWS[4].replace("9.99,,0", "9.99,,10"), "Lineitem discount", "more than price"),
            (ROWS[4].replace("USD", "EUR"), "Currency", "the orders before are USD"),
            (ROWS[0].replace("#1002", "#1009"), "Id", "belongs to an order above"),
            (ROWS[4].replace("#1005", ""), "Name", "is empty"),
        ],
    )
    def test_a_bad_cell_is_named_by_line_and_column(self, tmp_path, row, column, text):
        with pytest.raises(OrdersCsvInvalid) as caught:
            orders_from_csv(write(tmp_path, [*ROWS[:4], row]))
        (problem,) = caught.value.found
        assert (problem.line, problem.column) == (6, column)
        assert text in problem.detail
        assert f"line 6, column {column!r}" in str(caught.value)

    def test_lines_are_counted_through_quoted_line_breaks(self, tmp_path):
        broken = ROWS[0].replace("vip, b2b", "vip\nb2b")
        bad = ROWS[4].replace("9.99,,0", "x,,0")
        with pytest.raises(OrdersCsvInvalid) as caught:
            orders_from_csv(write(tmp_path, [broken, bad]))
        assert caught.value.found[0].line == 4

    def test_many_problems_are_reported_together_up_to_a_limit(self, tmp_path):
        rows = [ROWS[4].replace("#1005", f"#{n}").replace("9.99,,0", "x,,0") for n in range(50)]
        with pytest.raises(OrdersCsvInvalid) as caught:
            orders_from_csv(write(tmp_path, rows))
        assert [problem.line for problem in caught.value.found] == list(range(2, 22))

    def test_missing_columns_are_named(self, tmp_path):
        with pytest.raises(OrdersCsvInvalid) as caught:
            orders_from_csv(write(tmp_path, ["#1"], "Name"))
        assert {problem.column for problem in caught.value.found} == {
            "Created at", "Lineitem name", "Lineitem price", "Lineitem quantity",
        }  # fmt: skip

    @pytest.mark.parametrize("content", [b"", b"Name\xff\xfe,x\n", HEADER.encode() + b"\n"])
    def test_a_file_that_is_no_export_is_one_clear_error(self, tmp_path, content):
        file = tmp_path / "orders.csv"
        file.write_bytes(content)
        with pytest.raises(OrdersCsvInvalid):
            orders_from_csv(file)

    def test_a_missing_file_is_one_clear_error(self, tmp_path):
        with pytest.raises(OrdersCsvInvalid, match="cannot be read"):
            orders_from_csv(tmp_path / "absent.csv")
