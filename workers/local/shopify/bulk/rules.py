"""Which queries Shopify takes as a bulk operation, with its own words for those it refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from local.shopify.queries.compile import Compiler
from local.shopify.queries.fields import Kind
from local.shopify.queries.schema import schema_errors
from local.shopify.queries.types import ABSTRACT, possible_types, type_fields
from local.shopify.store import Store

MAXIMUM_BYTES = 65_535
MAXIMUM_CONNECTIONS = 5
MAXIMUM_DEPTH = 2
_NOT_EDGES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', "
    "e.g: 'products {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
    "Invalid connection fields: '{}'."
)
_IN_LIST = (
    "Queries that contain a connection field within a list field are not currently supported."
)
_NO_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an alias "
    "and must be of 'ID' return type. Connection fields without 'id': {}."
)


class BulkQueryRefused(Exception):
    """The query is not fit for a bulk operation; the text is Shopify's."""


@dataclass(slots=True)
class _Found:
    """What a walk through the selection has seen."""

    connections: dict[int, str] = field(default_factory=dict)
    depth: int = 0
    in_list: bool = False
    by_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)


def compile_bulk(
    query: str, store: Store, schema: GraphQLSchema | None
) -> tuple[Compiler, OperationDefinitionNode]:
    """Check a bulk query against every rule and return its compiler.

    Raises:
        BulkQueryRefused: The query breaks a rule.
    """
    size = len(json.dumps(query, ensure_ascii=False).encode()) - 2
    if size > MAXIMUM_BYTES:
        raise BulkQueryRefused(
            f"Query is too large ({size} bytes; maximum is {MAXIMUM_BYTES} bytes)"
        )
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        reason = "syntax error, " + (
            "unexpected end of file" if "<EOF>" in error.message else error.message
        )
        raise BulkQueryRefused(f"Invalid bulk query: {reason}") from error
    operation = next(
        (node for node in document.definitions if isinstance(node, OperationDefinitionNode)), None
    )
    if operation is None or operation.operation is not OperationType.QUERY:
        raise BulkQueryRefused("Invalid operation type. Only `query` operations are supported.")
    if problems := schema_errors(document, schema):
        raise BulkQueryRefused(f"Invalid bulk query: {problems[0]['message']}")
    compiler = Compiler(document, {}, store, is_bulk=True)
    _check(compiler, operation)
    return compiler, operation


def _check(compiler: Compiler, operation: OperationDefinitionNode) -> None:
    for name in compiler.collect("QueryRoot", [operation.selection_set]):
        if name in {"node", "nodes"}:
            raise BulkQueryRefused(f"Bulk queries cannot contain a top level `{name}` field.")
    found = _Found()
    _walk(compiler, found, "QueryRoot", [operation.selection_set], (0, False))
    if (reason := next((text for is_broken, text in _rules(found) if is_broken), None)) is not None:
        raise BulkQueryRefused(reason)


def _rules(found: _Found) -> list[tuple[bool, str]]:
    return [
        (not found.connections, "Bulk queries must contain at least one connection."),
        (
            len(found.connections) > MAXIMUM_CONNECTIONS,
            "Bulk queries cannot contain more than 5 connections.",
        ),
        (
            found.depth > MAXIMUM_DEPTH,
            "Bulk queries cannot contain connections with a nesting depth greater than 2.",
        ),
        (
            found.in_list,
            _IN_LIST,
        ),
        (bool(found.by_nodes), _NOT_EDGES.format("', '".join(found.by_nodes))),
        (bool(found.without_id), _NO_ID.format(", ".join(found.without_id))),
    ]


def _walk(
    compiler: Compiler,
    found: _Found,
    type_name: str,
    selections: list[SelectionSetNode],
    place: tuple[int, bool],
) -> bool:
    """Look at a selection; return whether a connection hangs directly on it."""
    has_connection = False
    names = possible_types(type_name) if type_name in ABSTRACT else (type_name,)
    for name in names:
        for nodes in compiler.collect(name, selections).values():
            has_connection |= _look(compiler, found, name, nodes, place)
    return has_connection


def _look(
    compiler: Compiler,
    found: _Found,
    owner: str,
    nodes: list[FieldNode],
    place: tuple[int, bool],
) -> bool:
    known = type_fields(owner).get(nodes[0].name.value)
    below = [node.selection_set for node in nodes if node.selection_set]
    if known is None or not below:
        return False
    depth, is_listed = place
    if known.kind is not Kind.CONNECTION:
        listed = is_listed or known.kind is Kind.LIST
        return _walk(compiler, found, known.type, below, (depth, listed))
    if id(nodes[0]) not in found.connections:
        name = nodes[0].name.value
        found.connections[id(nodes[0])] = name
        found.depth = max(found.depth, depth)
        found.in_list |= is_listed
        _look_inside(compiler, found, known.type, (name, below, depth))
    return True


def _look_inside(
    compiler: Compiler,
    found: _Found,
    type_name: str,
    connection: tuple[str, list[SelectionSetNode], int],
) -> None:
    name, below, depth = connection
    if any(n[0].name.value == "nodes" for n in compiler.collect("Connection", below).values()):
        found.by_nodes.append(name)
    edges = compiler.below(type_name + "Connection", below, "edges")
    node = compiler.below(type_name + "Edge", edges, "node")
    has_nested = _walk(compiler, found, type_name, node, (depth + 1, False))
    concrete = possible_types(type_name)[0] if type_name in ABSTRACT else type_name
    ids = compiler.collect(concrete, node).get("id")
    if has_nested and (ids is None or ids[0].name.value != "id"):
        found.without_id.append(name)
