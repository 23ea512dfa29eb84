"""A row that cannot be read names its gid and the field, and never the value."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.integrations.shopify import graphql_products, rest_orders, rest_products
from shared.integrations.shopify.errors import MalformedNode
from shared.integrations.shopify.graphql_orders import order_line, order_parts, return_, return_line
from shared.integrations.shopify.graphql_whole_orders import whole_order
from tests.unit.shopify import shapes

ORDER = "gid://shopify/Order/450789469"


def set_in(node: dict, path: str, value: object) -> None:
    """Set the value at a path such as `/refunds/0/id`; ABSENT removes it."""
    *owners, last = path.removeprefix("/").split("/")
    for key in owners:
        node = node[int(key) if isinstance(node, list) else key]
    if value is ABSENT:
        del node[last]
    elif isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value


ABSENT = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/createdAt", ABSENT),
        ("/updatedAt", "yesterday"),
        ("/updatedAt", "2026-11-05T23:30:00"),
        ("/test", "no"),
        ("/tags/0", 1),
        ("/totalPriceSet/shopMoney/amount", "NaN"),
        ("/totalTaxSet/shopMoney", None),
        ("/transactions/1/kind", ABSENT),
        ("/transactions/2/amountSet/shopMoney", ABSENT),
        ("/refunds/0/id", "929361465"),
    ],
)
def test_the_bad_field_of_an_order_is_named(path, value):
    node = shapes.graphql_order()
    set_in(node, path, value)
    with pytest.raises(MalformedNode) as caught:
        order_parts(node)
    assert (caught.value.gid, caught.value.path) == (ORDER, path)
    assert not caught.value.retryable


def test_the_bad_field_of_a_webhook_is_named():
    body = shapes.rest_order()
    body["line_items"][1]["price_set"]["shop_money"]["amount"] = "free"
    with pytest.raises(MalformedNode) as caught:
        rest_orders.order_parts(body)
    assert (caught.value.gid, caught.value.path) == (
        ORDER,
        "/line_items/1/price_set/shop_money/amount",
    )
    body = shapes.rest_product()
    body["variants"][0]["position"] = "first"
    with pytest.raises(MalformedNode, match="/variants/0/position"):
        rest_products.product_parts(body)


def test_a_nested_row_names_itself():
    node = shapes.graphql_order()
    node["lineItems"]["nodes"][1]["quantity"] = "many"
    with pytest.raises(MalformedNode) as caught:
        whole_order(node)
    assert caught.value.gid == "gid://shopify/LineItem/518995019"
    assert caught.value.path == "/quantity"


def test_the_value_stays_out_of_the_error_and_its_causes():
    node = shapes.graphql_order()
    node["createdAt"] = "secret person"
    with pytest.raises(MalformedNode) as caught:
        order_parts(node)
    assert "secret person" not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("node", [None, [], "x", 1])
def test_what_is_no_object_is_malformed(node):
    with pytest.raises(MalformedNode):
        order_parts(node)


READERS = [
    (order_parts, shapes.graphql_order, ()),
    (whole_order, shapes.graphql_order, ()),
    (rest_orders.order_parts, shapes.rest_order, ()),
    (order_line, lambda: shapes.graphql_order()["lineItems"]["nodes"][0], (ORDER,)),
    (graphql_products.product_parts, shapes.graphql_product, ()),
    (rest_products.product_parts, shapes.rest_product, ()),
    (return_, lambda: {"id": "gid://shopify/Return/1", "status": "OPEN"}, (ORDER,)),
    (return_line, lambda: {"id": "gid://shopify/ReturnLineItem/1", "quantity": 1}, (ORDER, ORDER)),
]


def paths(node, path=()):
    """Yield the path of every value inside a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))


@given(st.data())
def test_no_bad_value_anywhere_escapes_as_another_error(data):
    """Whatever is wrong in whatever place: records, or MalformedNode, and nothing else."""
    read, make, args = data.draw(st.sampled_from(READERS))
    node = copy.deepcopy(make())
    where = data.draw(st.sampled_from(list(paths(node))))
    owner = node
    for key in where[:-1]:
        owner = owner[key]
    owner[where[-1]] = data.draw(
        st.sampled_from([None, "", "x", "gid:", -1, 0, 1e400, 2.5, True, [], {}, [None], [[]], "٣"])
    )
    try:
        read(node, *args)
    except MalformedNode as error:
        named, gid = error.path, error.gid
    else:
        return
    assert named.startswith("/") or not gid
