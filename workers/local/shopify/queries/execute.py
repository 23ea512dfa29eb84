"""Runs one GraphQL request: parse, validate, pay, resolve, and answer as Shopify does."""

from __future__ import annotations

from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
)

from local.shopify.api import AdminApi
from local.shopify.faults import Fault
from local.shopify.queries.compile import AccessDenied, Compiler, NotEmulated
from local.shopify.queries.cost import Throttle, query_cost
from local.shopify.queries.schema import graphql_error, schema_errors
from shared.ports import JsonObject

_DOCUMENTATION = "https://shopify.dev/api/usage/rate-limits"


@lru_cache(maxsize=256)
def _parsed(text: str) -> DocumentNode:
    return parse(text)


class Executor:
    """Answers GraphQL requests of one app."""

    def __init__(self, api: AdminApi, throttle: Throttle) -> None:
        self._api, self._throttle = api, throttle
        self._valid: set[str] = set()

    def execute(self, body: JsonObject) -> JsonObject:
        """Return the reply to a request body."""
        text = body.get("query")
        if not isinstance(text, str) or not text:
            return {"errors": {"query": "Required parameter missing or invalid"}}
        try:
            document = _parsed(text)
        except GraphQLSyntaxError as error:
            return {"errors": [graphql_error(error)]}
        if text not in self._valid:
            if problems := schema_errors(document, self._api.schema):
                return {"errors": problems}
            self._valid.add(text)
        operation = _operation(document, body.get("operationName"))
        if operation is None:
            return {"errors": [{"message": "No operation named as asked"}]}
        return self._run(document, operation, body.get("variables") or {})

    def _run(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: JsonObject
    ) -> JsonObject:
        compiler = Compiler(document, _with_defaults(operation, variables), self._api.store)
        compiler.scopes = frozenset(self._api.scopes())
        requested = query_cost(compiler, operation)
        limit = self._api.options.maximum_query_cost
        if requested > limit:
            return self._too_dear(requested, limit)
        if self._api.faults.take(Fault.THROTTLED):
            self._throttle.drain()
        if not self._throttle.spend(requested):
            return self._throttled(requested)
        if self._api.faults.take(Fault.INTERNAL_ERROR):
            return self._internal_error(requested)
        try:
            is_query = operation.operation is OperationType.QUERY
            name = "QueryRoot" if is_query else "Mutation"
            data = compiler.projection(name, [operation.selection_set]).render(self._api)
        except AccessDenied as error:
            return _access_denied(error)
        except (NotEmulated, ValueError, GraphQLError) as error:
            return {"errors": [{"message": str(error)}], "data": None}
        actual = min(requested, _objects(data)) if is_query else requested
        self._throttle.give_back(requested - actual)
        extensions: JsonObject = {"cost": self._throttle.report(requested, actual)}
        if compiler.searches:
            extensions["search"] = compiler.searches
        return {"data": data, "extensions": extensions}

    def _throttled(self, requested: int) -> JsonObject:
        extensions = {"code": "THROTTLED", "documentation": _DOCUMENTATION}
        return {
            "errors": [{"message": "Throttled", "extensions": extensions}],
            "extensions": {"cost": self._throttle.report(requested, None)},
        }

    def _too_dear(self, requested: int, limit: int) -> JsonObject:
        text = f"Query cost is {requested}, which exceeds the single query max cost limit ({limit})"
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": limit}
        return {
            "errors": [{"message": text, "extensions": extensions}],
            "extensions": {"cost": self._throttle.report(requested, None)},
        }

    def _internal_error(self, requested: int) -> JsonObject:
        text = "Internal error. Looks like something went wrong on our end."
        error = {"message": text, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
        cost = self._throttle.report(requested, None)
        return {"errors": [error], "extensions": {"cost": cost}}


def _operation(document: DocumentNode, name: object) -> OperationDefinitionNode | None:
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in found if node.name and node.name.value == name]
    return next(iter(named or found), None)


def _with_defaults(operation: OperationDefinitionNode, variables: JsonObject) -> JsonObject:
    values: JsonObject = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name in variables:
            values[name] = variables[name]
        elif definition.default_value is not None:
            values[name] = getattr(definition.default_value, "value", None)
    return values


def _objects(data: object) -> int:
    if isinstance(data, dict):
        return 1 + sum(_objects(value) for value in data.values())
    if isinstance(data, list):
        return sum(_objects(value) for value in data)
    return 0


def _access_denied(error: AccessDenied) -> JsonObject:
    extensions = {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": error.scope,
    }
    found = {"message": str(error), "extensions": extensions, "path": [error.field]}
    return {"data": None, "errors": [found]}
