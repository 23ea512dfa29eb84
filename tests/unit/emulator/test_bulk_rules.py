"""Bulk queries are refused in Shopify's own words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from local.shopify.bulk.rules import BulkQueryRefused, compile_bulk
from local.shopify.queries.schema import published_schema
from local.shopify.shops import generated_store

BY_NODES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', "
    "e.g: 'products { edges { node {'. Selecting via 'nodes' is not supported. "
    "Invalid connection fields: 'products'."
)
WITHOUT_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an "
    "alias and must be of 'ID' return type. Connection fields without 'id': products."
)
REFUSED = [
    ("{ shop { name } }", "Bulk queries must contain at least one connection."),
    (
        """{ orders { edges { node { id lineItems { edges { node { id } } }
        shippingLines { edges { node { id } } } returns { edges { node { id
        returnLineItems { edges { node { id } } } } } }
        agreements { edges { node { id } } } } } } }""",
        "Bulk queries cannot contain more than 5 connections.",
    ),
    (
        """{ orders { edges { node { id returns { edges { node {
        id returnLineItems { edges { node { id
        ... on ReturnLineItem { fulfillmentLineItem { lineItem { product { id
        variants { edges { node { id } } } } } } } } } } } } } } } } }""",
        "Bulk queries cannot contain connections with a nesting depth greater than 2.",
    ),
    (
        """{ node(id: "gid://shopify/Product/1") {
        ... on Product { variants { edges { node { id } } } } } }""",
        "Bulk queries cannot contain a top level `node` field.",
    ),
    (
        "{ products { nodes { id } } }",
        BY_NODES,
    ),
    (
        "{ products { edges { node { title variants { edges { node { id } } } } } } }",
        WITHOUT_ID,
    ),
    (
        "{ products { edges { node { key: id variants { edges { node { id } } } } } } }",
        WITHOUT_ID,
    ),
    (
        """{ orders { edges { node { id refunds { id
        refundLineItems { edges { node { id } } } } } } } }""",
        "Queries that contain a connection field within a list field are not currently supported.",
    ),
    (
        'mutation { tagsAdd(id: "gid://shopify/Product/1", tags: ["x"]) { node { id } } }',
        "Invalid operation type. Only `query` operations are supported.",
    ),
    ("{ orders { edges {", "Invalid bulk query: syntax error, unexpected end of file"),
    (
        "{ orders { edges { node { id } } } }" + " " * 65_500,
        "Query is too large (65536 bytes; maximum is 65535 bytes)",
    ),
]


@pytest.fixture(scope="module")
def store():
    return generated_store(orders=100, anchor=datetime(2026, 11, 20, tzinfo=UTC))


@pytest.mark.parametrize(("query", "message"), REFUSED, ids=[text[:40] for _, text in REFUSED])
def test_refused_with_shopifys_message(store, query, message):
    with pytest.raises(BulkQueryRefused) as caught:
        compile_bulk(query, store, published_schema())
    assert str(caught.value) == message


def test_refused_the_same_without_the_published_schema(store):
    for query, message in REFUSED:
        with pytest.raises(BulkQueryRefused) as caught:
            compile_bulk(query, store, None)
        assert str(caught.value) == message


def test_a_field_that_the_schema_lacks_is_refused(store):
    if published_schema() is None:
        pytest.skip("the npm package with Shopify's schema is not installed")
    with pytest.raises(BulkQueryRefused, match="Field 'colour' doesn't exist on type 'Order'"):
        compile_bulk("{ orders { edges { node { colour } } } }", store, published_schema())


def test_fragments_and_nesting_to_the_second_level_are_taken(store):
    query = """query { orders { edges { node { ...O } } } }
    fragment O on Order {
      id agreements { edges { node { id sales { edges { node { id } } } } } } }"""
    compile_bulk(query, store, published_schema())
