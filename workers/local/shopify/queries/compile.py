"""Turns the selection of a GraphQL document into closures that read the shop's objects.

The same compiler serves ordinary queries, where connections become `edges`/`nodes`/`pageInfo`, and
bulk operations, where every connection becomes rows of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from local.shopify.queries.fields import Field, Kind, Search, constant
from local.shopify.queries.pages import cursor, take
from local.shopify.queries.types import ABSTRACT, NEEDED_SCOPES, implements, type_fields
from local.shopify.store import Store
from shared.ports import JsonObject

_TYPE_NAME = constant("")
_AMOUNTS_KEPT = 20_000
Getter = Callable[[object], object]


class NotEmulated(Exception):
    """The schema has this field, the emulator does not."""


class AccessDenied(Exception):
    """The app was not granted what a field needs."""

    def __init__(self, field: str, scope: str) -> None:
        self.field, self.scope = field, f"`{scope}` access scope."
        super().__init__(f"Access denied for {field} field. Required access: {self.scope}")


@dataclass(slots=True)
class Child:
    """A connection inside a row of a bulk result."""

    items: Callable[[object], Iterable[object]]
    shape: Shape


class Projection:
    """How an object of one concrete type becomes JSON, and which connections hang on it.

    Constants are in the template and plain attributes are read in one call, because a bulk result
    has hundreds of fields per order.
    """

    def __init__(self) -> None:
        self.children: list[Child] = []
        self._template: JsonObject = {}
        self._plain_keys: list[str] = []
        self._paths: list[str] = []
        self._read: Callable[[object], tuple[object, ...]] | None = None
        self._others: list[tuple[str, Getter]] = []

    def add(self, key: str, get: Getter, known: Field | None = None) -> None:
        """Add a field under its response key."""
        self._template[key] = None
        if known is not None and known.is_constant:
            self._template[key] = get(None)
        elif known is not None and known.path:
            self._plain_keys.append(key)
            self._paths.append(known.path)
            if len(self._paths) > 1:  # of one path, attrgetter returns no tuple
                self._read = attrgetter(*self._paths)
        else:
            self._others.append((key, get))

    def render(self, found: object) -> JsonObject:
        """Return the object's own fields."""
        row = self._template.copy()
        if self._read is not None:
            row.update(zip(self._plain_keys, self._read(found), strict=True))
        elif self._paths:
            row[self._plain_keys[0]] = attrgetter(self._paths[0])(found)
        for key, get in self._others:
            row[key] = get(found)
        return row


class Shape:
    """What is selected of a type; an interface or union decides per object."""

    def __init__(
        self, compiler: Compiler, type_name: str, selections: Sequence[SelectionSetNode]
    ) -> None:
        self._compiler, self._selections = compiler, selections
        self._decide = ABSTRACT.get(type_name)
        self._known: dict[str, Projection] = {}
        self._single = Projection()
        if self._decide is None:
            self._single = compiler.projection(type_name, selections)

    def projection(self, found: object) -> Projection:
        """Return how this object is rendered."""
        if self._decide is None:
            return self._single
        name = self._decide(found)
        if name not in self._known:
            self._known[name] = self._compiler.projection(name, self._selections)
        return self._known[name]

    def render(self, found: object) -> JsonObject:
        """Return the object's own fields."""
        return self.projection(found).render(found)


class Compiler:
    """Compiles the selections of one document."""

    def __init__(
        self,
        document: DocumentNode,
        variables: Mapping[str, object],
        store: Store,
        *,
        is_bulk: bool = False,
    ) -> None:
        self.variables, self.store, self.is_bulk = dict(variables), store, is_bulk
        self.root: object = None
        self.scopes: frozenset[str] | None = None
        """What the app was granted; None is everything."""
        self.searches: list[JsonObject] = []
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def projection(self, type_name: str, selections: Sequence[SelectionSetNode]) -> Projection:
        """Compile a selection for one concrete type."""
        made = Projection()
        for key, nodes in self.collect(type_name, selections).items():
            name = nodes[0].name.value
            if name == "__typename":
                made.add(key, _constant(type_name), _TYPE_NAME)
                continue
            known = type_fields(type_name).get(name)
            if known is None:
                raise NotEmulated(f"{type_name}.{name} is not emulated")
            scope = NEEDED_SCOPES.get((type_name, name))
            if scope is not None and self.scopes is not None and scope not in self.scopes:
                raise AccessDenied(name, scope)
            if known.kind is Kind.CONNECTION and self.is_bulk:
                made.children.append(self._child(known, nodes))
            else:
                made.add(key, self._getter(known, nodes, key), known)
        return made

    def collect(
        self, type_name: str, selections: Sequence[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Return the fields selected of a concrete type, fragments resolved, by response key."""
        found: dict[str, list[FieldNode]] = {}
        for selection in selections:
            for node in selection.selections:
                self._collect_one(type_name, node, found)
        return found

    def _collect_one(
        self, type_name: str, node: SelectionNode, found: dict[str, list[FieldNode]]
    ) -> None:
        if not self._is_included(node):
            return
        if isinstance(node, FieldNode):
            found.setdefault((node.alias or node.name).value, []).append(node)
            return
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            condition, inner = fragment.type_condition.name.value, fragment.selection_set
        elif isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else type_name
            inner = node.selection_set
        else:
            return
        if implements(type_name, condition):
            for key, nodes in self.collect(type_name, [inner]).items():
                found.setdefault(key, []).extend(nodes)

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            given = (directive.arguments or ())[0].value
            condition = value_from_ast_untyped(given, self.variables)
            if bool(condition) is (directive.name.value == "skip"):
                return False
        return True

    def arguments(self, node: FieldNode) -> JsonObject:
        """Return a field's arguments as JSON."""
        values = {
            argument.name.value: value_from_ast_untyped(argument.value, self.variables)
            for argument in node.arguments or ()
        }
        return {name: value for name, value in values.items() if value is not None}

    def _resolver(self, known: Field, arguments: JsonObject) -> Callable[[object], object]:
        if not known.takes_arguments:
            return known.resolve
        resolve, store = known.resolve, self.store
        return lambda found: resolve(found, arguments, store)

    def _getter(self, known: Field, nodes: list[FieldNode], key: str) -> Getter:
        arguments = self.arguments(nodes[0])
        resolve = self._resolver(known, arguments)
        if known.kind is Kind.SCALAR:
            return resolve
        selections = [node.selection_set for node in nodes if node.selection_set]
        if known.kind is Kind.CONNECTION:
            return self._connection(known, selections, arguments, resolve, key)
        render = Shape(self, known.type, selections).render
        if known.type == "MoneyBag":
            return _money(resolve, render)
        if known.kind is Kind.OBJECT:
            return _object(resolve, render)
        return _list(resolve, render, arguments.get("first"))

    def _child(self, known: Field, nodes: list[FieldNode]) -> Child:
        resolve = self._resolver(known, self.arguments(nodes[0]))
        selections = [node.selection_set for node in nodes if node.selection_set]
        edges = self.below(known.type + "Connection", selections, "edges")
        shape = Shape(self, known.type, self.below(known.type + "Edge", edges, "node"))

        def items(found: object) -> Iterable[object]:
            result = resolve(found)
            if isinstance(result, list):
                return result
            if isinstance(result, Search):
                return result.items
            return result if isinstance(result, Iterable) else ()

        return Child(items, shape)

    def below(
        self, type_name: str, selections: Sequence[SelectionSetNode], name: str
    ) -> list[SelectionSetNode]:
        """Return the selections below a field, e.g. below `edges` of a connection."""
        found = self.collect(type_name, selections).values()
        nodes = [node for group in found for node in group if node.name.value == name]
        return [node.selection_set for node in nodes if node.selection_set]

    def _connection(
        self,
        known: Field,
        selections: Sequence[SelectionSetNode],
        arguments: JsonObject,
        resolve: Callable[[object], object],
        key: str,
    ) -> Getter:
        node_of_edge = self.below(known.type + "Connection", selections, "edges")
        shape_in_edge = Shape(
            self, known.type, self.below(known.type + "Edge", node_of_edge, "node")
        )
        shape = Shape(self, known.type, self.below(known.type + "Connection", selections, "nodes"))
        wanted = self.collect(known.type + "Connection", selections)
        edge_keys = self.collect(known.type + "Edge", node_of_edge)
        infos = self.below(known.type + "Connection", selections, "pageInfo")
        info_keys = self.collect("PageInfo", infos)

        def get(found: object) -> object:
            page = take(self._items(resolve(found), key), arguments)
            result: JsonObject = {}
            for name, nodes in wanted.items():
                kind = nodes[0].name.value
                if kind == "nodes":
                    result[name] = [shape.render(item) for item in page.items]
                elif kind == "edges":
                    result[name] = [
                        _edge(edge_keys, shape_in_edge, item, page.offset + number)
                        for number, item in enumerate(page.items)
                    ]
                elif kind == "pageInfo":
                    result[name] = {k: page.info(n[0].name.value) for k, n in info_keys.items()}
                elif kind == "__typename":
                    result[name] = known.type + "Connection"
            return result

        return get

    def _items(self, result: object, key: str) -> Iterable[object]:
        if isinstance(result, Search):
            if result.warnings:
                self.searches.append(
                    {"path": [key], "query": result.query, "warnings": result.warnings}
                )
            return result.items
        return result if isinstance(result, Iterable) else ()


def _constant(value: object) -> Getter:
    return lambda _: value


def _object(resolve: Getter, render: Callable[[object], JsonObject]) -> Getter:
    def get(found: object) -> object:
        value = resolve(found)
        return None if value is None else render(value)

    return get


def _money(resolve: Getter, render: Callable[[object], JsonObject]) -> Getter:
    """Render money to JSON text at once and keep it: the same few amounts fill every order."""
    known: dict[object, orjson.Fragment] = {}

    def get(found: object) -> object:
        amount = resolve(found)
        if (text := known.get(amount)) is None:
            if len(known) >= _AMOUNTS_KEPT:
                known.clear()
            text = known[amount] = orjson.Fragment(orjson.dumps(render(amount)))
        return text

    return get


def _list(resolve: Getter, render: Callable[[object], JsonObject], first: object) -> Getter:
    limit = first if isinstance(first, int) else None

    def get(found: object) -> object:
        values = resolve(found)
        if not isinstance(values, (list, tuple)):
            return None
        chosen = values if limit is None else values[:limit]
        return [None if value is None else render(value) for value in chosen]

    return get


def _edge(keys: Mapping[str, list[FieldNode]], shape: Shape, item: object, at: int) -> JsonObject:
    edge: JsonObject = {}
    for key, nodes in keys.items():
        name = nodes[0].name.value
        edge[key] = shape.render(item) if name == "node" else cursor(at)
    return edge
