"""Refunds and edits by line come out of agreements, whichever rows stand between them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal

from shared.integrations.shopify import jsonl
from shared.integrations.shopify.graphql_agreements import Sales, added_up, agreement, sale
from shared.integrations.shopify.graphql_orders import order_line, order_parts
from shared.integrations.shopify.graphql_whole_orders import whole_order
from shared.integrations.shopify.values import known_id
from shared.orders.models import OrderLineAddition
from tests.unit.shopify import shapes

ORDER = "gid://shopify/Order/450789469"
LINE = "gid://shopify/LineItem/466157049"
REFUND = "gid://shopify/Refund/929361465"


def refund_agreement(number: int = 1) -> dict:
    return {
        "__typename": "RefundAgreement",
        "id": f"gid://shopify/RefundAgreement/{number}",
        "happenedAt": "2026-11-03T10:05:00Z",
        "refund": {"id": REFUND},
        "__parentId": ORDER,
    }


def edit_agreement() -> dict:
    return {
        "__typename": "OrderEditAgreement",
        "id": "gid://shopify/OrderEditAgreement/2",
        "happenedAt": "2026-11-02T10:00:00Z",
        "__parentId": ORDER,
    }


def return_agreement(happened_at: str = "2026-11-09T10:00:00Z") -> dict:
    return {
        "__typename": "ReturnAgreement",
        "id": "gid://shopify/ReturnAgreement/3",
        "happenedAt": happened_at,
        "__parentId": ORDER,
    }


def product_sale(quantity, total, tax, *, action="RETURN", line=LINE, of=None) -> dict:
    return {
        "__typename": "ProductSale",
        "id": "gid://shopify/ProductSale/1",
        "actionType": action,
        "quantity": quantity,
        "totalAmount": shapes.bag(total),
        "totalTaxAmount": shapes.bag(tax),
        "lineItem": {"id": line, "quantity": of if of is not None else quantity},
        "__parentId": "gid://shopify/RefundAgreement/1",
    }


def test_a_refund_by_agreement_is_the_refund_read_by_id():
    order = whole_order(shapes.graphql_order()).parts
    node = product_sale(-1, "-40.0", "-6.39")
    node["totalAmount"] = shapes.bag("-40.0", "-44.0")
    node["totalTaxAmount"] = shapes.bag("-6.39", "-7.03")
    of = agreement(refund_agreement(), ORDER)
    assert sale(node, of) == order.refund_lines[0]


def test_several_sales_of_one_line_in_one_refund_are_one_record():
    of = agreement(refund_agreement(), ORDER)
    lines = [
        sale(product_sale(-1, "-10.0", "-1.0"), of),
        sale(product_sale(0, "2.0", "0.0", action="UPDATE"), of),
        sale(product_sale(-2, "-5.0", "0.0", line="gid://shopify/LineItem/9"), of),
    ]
    first, second = added_up(lines)
    assert (first.quantity, first.amount, first.tax) == (1, Decimal(7), Decimal(1))
    assert (second.quantity, second.amount) == (2, Decimal(5))


def test_an_added_line_has_the_time_of_its_edit():
    of = agreement(edit_agreement(), ORDER)
    added = sale(product_sale(3, "30.0", "0.0", action="ORDER"), of)
    assert added == OrderLineAddition(
        known_id("oln", LINE), known_id("ord", ORDER), datetime(2026, 11, 2, 10, tzinfo=UTC)
    )


def test_failure_26_units_that_an_edit_adds_or_takes_are_no_new_line():
    of = agreement(edit_agreement(), ORDER)
    assert sale(product_sale(1, "10.0", "0.0", action="ORDER", of=3), of) is None
    assert sale(product_sale(-1, "-10.0", "0.0", of=3), of) is None
    assert sale(product_sale(3, "-1.0", "0.0", action="UPDATE"), of) is None


def test_sales_without_a_line_are_no_refund_of_goods():
    of = agreement(refund_agreement(), ORDER)
    shipping = {"__typename": "ShippingLineSale", "id": "x", "actionType": "RETURN", "quantity": 1}
    assert sale({**shipping, "totalAmount": shapes.bag("-5.0")}, of) is None


def test_what_is_sent_in_exchange_has_the_time_of_its_return():
    of = agreement(return_agreement(), ORDER)
    added = sale(product_sale(1, "30.0", "0.0", action="ORDER"), of)
    assert added.added_at == datetime(2026, 11, 9, 10, tzinfo=UTC)
    assert sale(product_sale(-1, "-30.0", "0.0"), of) is None


def test_a_return_that_is_called_off_adds_no_line():
    """Whichever of the two is read first."""
    asked = (product_sale(-1, "-30.0", "0.0"), agreement(return_agreement(), ORDER))
    back = product_sale(1, "30.0", "0.0", action="ORDER")
    called_off = (back, agreement(return_agreement("2026-11-10T10:00:00Z"), ORDER))
    for rows in ((asked, called_off), (called_off, asked)):
        sales = Sales()
        for row in rows:
            sales.read(*row)
        assert sales.additions == sales.refund_lines == []


def test_a_line_that_comes_back_later_was_added_all_the_same():
    sales = Sales()
    sales.read(product_sale(-1, "-30.0", "0.0"), agreement(refund_agreement(), ORDER))
    added = product_sale(1, "30.0", "0.0", action="ORDER")
    sales.read(added, agreement(edit_agreement(), ORDER))
    assert len(sales.additions) == len(sales.refund_lines) == 1


def test_agreements_of_the_order_itself_do_not_matter():
    for kind in ("OrderAgreement", "SomethingNew"):
        assert agreement({"__typename": kind, "id": "x"}, ORDER) is None


def test_failure_12_children_are_joined_by_parent_not_by_adjacency():
    """Orders first, then all lines shuffled: others put 2,933 of 2,941 lines on wrong orders."""
    orders, lines = [], []
    for number in range(1, 60):
        node = {k: v for k, v in shapes.graphql_order().items() if k != "lineItems"}
        node["id"] = f"gid://shopify/Order/{number}"
        orders.append(node)
        for index in range(number % 5):
            line = shapes.graphql_order()["lineItems"]["nodes"][0]
            line |= {"id": f"gid://shopify/LineItem/{number * 100 + index}"}
            line |= {"quantity": number, "__parentId": node["id"]}
            lines.append(line)
    random.Random(7).shuffle(lines)
    texts = (json.dumps(row).replace("/", "\\/") for row in orders + lines)
    body = b"".join(text.encode() + b"\n" for text in texts)
    splitter, found = jsonl.LineSplitter(), []
    rows = [jsonl.parse_line(line) for line in splitter.feed(body)]
    headers = {}
    for row in rows:
        if (parent := jsonl.parent_of(row)) is None:
            header = order_parts(row).header
            headers[header.id] = header.shopify_gid
        else:
            found.append(order_line(row, parent))
    assert len(found) == len(lines)
    for line in found:
        number = int(headers[line.order_id].rpartition("/")[2])
        assert line.quantity == number
        assert int(line.shopify_gid.rpartition("/")[2]) // 100 == number
