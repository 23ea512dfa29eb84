"""Our queries are valid against Shopify's own schema and keep the rules of bulk operations."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import (
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
    visit,
)

from shared.integrations.shopify import documents, queries

ROOT = Path(__file__).parents[3]
SINCE = datetime(2026, 11, 19, 6, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, 6, 0, 0, 500_000, tzinfo=UTC)
SCOPES = ("customers", "fulfillments", "inventory", "orders", "products", "returns")
ALL = frozenset(f"read_{name}" for name in SCOPES)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    found = sorted(ROOT.glob("node_modules/@shopify/dev-mcp/**/admin_2026-10.json.gz"))
    if not found:
        pytest.skip("node_modules lacks @shopify/dev-mcp: run npm install")
    with gzip.open(found[0], "rt", encoding="utf-8") as file:
        introspection = json.load(file)
    return build_client_schema(introspection.get("data", introspection), assume_valid=True)


class BulkRules(Visitor):
    """Counts connections and finds what bulk operations refuse."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info, self.path = info, []
        self.connections, self.depth, self.problems = 0, 0, []

    def enter_field(self, node, *_):
        of = self.info.get_type()
        inner = of.of_type if is_non_null_type(of) else of
        name = get_named_type(of).name
        kind = "list" if is_list_type(inner) else "other"
        if name.endswith("Connection"):
            kind = "connection"
            self.connections += 1
            self.depth = max(self.depth, sum(k == "connection" for k, _ in self.path))
            selected = {item.name.value for item in node.selection_set.selections}
            if selected != {"edges"}:
                self.problems.append(f"{node.name.value} selects {selected}")
            if any(k == "list" and field != "edges" for k, field in self.path):
                self.problems.append(f"{node.name.value} is inside a list")
        if node.name.value == "node":
            self._check_id(node)
        self.path.append((kind, node.name.value))

    def _check_id(self, node):
        names = [
            item.name.value
            for item in node.selection_set.selections
            if item.kind == "field" and item.alias is None
        ]
        if names[:2] != ["__typename", "id"]:
            self.problems.append(f"a node starts with {names[:2]}")

    def leave_field(self, *_):
        self.path.pop()


def broken_rules(schema: GraphQLSchema, query: str) -> list[str]:
    document = parse(query)
    if problems := [error.message for error in validate(schema, document)]:
        return problems
    info = TypeInfo(schema)
    rules = BulkRules(info)
    visit(document, TypeInfoVisitor(info, rules))
    problems = rules.problems
    if rules.connections > 5:
        problems.append("more than 5 connections")
    if rules.depth > 2:
        problems.append("nested deeper than 2")
    if not rules.connections:
        problems.append("no connection")
    if len(json.dumps(query).encode()) > 65_535:
        problems.append("too large")
    return problems


@pytest.mark.parametrize(
    "build", [queries.orders_bulk, queries.agreements_bulk, queries.products_bulk]
)
@pytest.mark.parametrize("since", [None, SINCE])
def test_bulk_queries_are_valid_with_all_scopes_and_with_the_least(schema, build, since):
    for scopes in (None, ALL, frozenset({"read_orders", "read_products"}), frozenset()):
        assert broken_rules(schema, build(since, UNTIL, scopes=scopes)) == []


def test_the_orders_query_is_valid_without_customer_data(schema):
    query = queries.orders_bulk(SINCE, UNTIL, scopes=ALL, customer_data=False)
    assert broken_rules(schema, query) == []
    assert "email" not in query
    assert "Address" not in query


@pytest.mark.parametrize(
    "name", [name for name in dir(documents) if name.isupper() and name != "BATCH"]
)
def test_every_single_read_and_change_is_valid(schema, name):
    document = getattr(documents, name)
    if isinstance(document, str) and not name.startswith("_"):
        assert [e.message for e in validate(schema, parse(document))] == []


@pytest.mark.parametrize("scopes", [None, frozenset()])
def test_every_built_document_is_valid(schema, scopes):
    built = [
        documents.order(scopes),
        documents.order(scopes, customer_data=False),
        documents.order_lines(scopes),
        documents.products_page(scopes),
        documents.product_variants(scopes),
        documents.refund_lines_page(),
        documents.fulfillment_lines_page(),
    ]
    for document in built:
        assert [e.message for e in validate(schema, parse(document))] == []


def test_the_checker_itself_finds_what_shopify_refuses(schema):
    """Without this, a checker that finds nothing would pass every test above."""
    in_list = (
        "{ orders { edges { node { __typename id refunds { refundLineItems { edges { node {"
        " __typename id } } } } } } } }"
    )
    assert "refundLineItems is inside a list" in broken_rules(schema, in_list)
    assert broken_rules(schema, "{ shop { name } }") == ["no connection"]
    by_nodes = "{ products { nodes { id } } }"
    assert any("selects" in problem for problem in broken_rules(schema, by_nodes))
    assert any(
        "Cannot query" in p for p in broken_rules(schema, "{ orders { edges { node { x } } } }")
    )


def test_failure_27_instants_in_filters_are_quoted_and_bounded_above():
    assert queries.window(SINCE, UNTIL) == (
        "updated_at:>='2026-11-19T06:00:00Z' AND updated_at:<'2026-11-20T06:00:00.500000Z'"
    )
    for build in (queries.orders_bulk, queries.agreements_bulk, queries.products_bulk):
        query = build(SINCE, UNTIL)
        assert "sortKey: UPDATED_AT" in query
        assert re.search(r"updated_at:[<>=]*[^'<>=]", query) is None


def test_failure_09_the_window_is_of_updates_not_of_ids():
    for build in (queries.orders_bulk, queries.agreements_bulk, queries.products_bulk):
        assert re.search(r'query: "updated_at:', build(SINCE, UNTIL))
        assert " id:>" not in build(SINCE, UNTIL)


@pytest.mark.parametrize(
    ("scope", "field", "build"),
    [
        ("read_returns", "returnLineItems", queries.orders_bulk),
        ("read_returns", "return {", queries.orders_bulk),
        ("read_products", "product { id }", queries.orders_bulk),
        ("read_customers", "customer { id }", queries.orders_bulk),
        ("read_fulfillments", "service { handle }", queries.orders_bulk),
        ("read_inventory", "unitCost", queries.products_bulk),
    ],
)
def test_failure_15_a_missing_scope_leaves_out_its_fields_only(schema, scope, field, build):
    with_it, without = build(None, UNTIL, scopes=ALL), build(None, UNTIL, scopes=ALL - {scope})
    assert field in with_it
    assert field not in without
    assert broken_rules(schema, without) == []


def test_failure_15_a_write_scope_grants_reading():
    assert "product { id }" in queries.orders_bulk(None, UNTIL, scopes={"write_products"})


def test_failure_14_bulk_connections_have_no_first_that_could_cut_them():
    for build in (queries.orders_bulk, queries.agreements_bulk, queries.products_bulk):
        assert "first:" not in build(SINCE, UNTIL)


def test_failure_12_the_start_says_that_children_come_ungrouped():
    """The default flipped once; the query that runs must not depend on it."""
    assert "groupObjects: false" in documents.START_BULK
