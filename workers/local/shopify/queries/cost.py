"""What a query costs, and the leaky bucket that pays for it.

Objects cost 1, scalars nothing, mutations 10; a connection costs by the logarithm of its page size,
`nodes(ids:)` by the number of ids.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from graphql import FieldNode, OperationDefinitionNode, OperationType

from local.shopify.queries.compile import Compiler
from local.shopify.queries.fields import Kind
from local.shopify.queries.types import ABSTRACT, possible_types, type_fields
from shared.ports import JsonObject

MUTATION_COST = 10


def query_cost(compiler: Compiler, operation: OperationDefinitionNode) -> int:
    """Return the cost that Shopify would reserve for an operation."""
    if operation.operation is OperationType.MUTATION:
        return MUTATION_COST
    groups = compiler.collect("QueryRoot", [operation.selection_set]).values()
    return max(1, sum(_field_cost(compiler, "QueryRoot", nodes) for nodes in groups))


def _field_cost(compiler: Compiler, owner: str, nodes: list[FieldNode]) -> int:
    known = type_fields(owner).get(nodes[0].name.value)
    if known is None or known.kind is Kind.SCALAR:
        return 0
    arguments = compiler.arguments(nodes[0])
    names = possible_types(known.type) if known.type in ABSTRACT else (known.type,)
    inner = max(_selection_cost(compiler, name, nodes) for name in names)
    if known.kind is Kind.CONNECTION:
        size: int = arguments.get("first") or arguments.get("last") or 250
        return (1 + inner) * math.ceil(math.log2(size + 1))
    if nodes[0].name.value == "nodes":
        return (1 + inner) * len(arguments.get("ids", ()))
    return 1 + inner


def _selection_cost(compiler: Compiler, type_name: str, nodes: list[FieldNode]) -> int:
    total = 0
    for wrapped in ("", "Connection", "Edge"):
        selections = [node.selection_set for node in nodes if node.selection_set]
        groups = compiler.collect(type_name + wrapped, selections)
        inner = [g for g in groups.values() if g[0].name.value in {"edges", "node", "nodes"}]
        total += sum(_field_cost(compiler, type_name, group) for group in groups.values())
        if not inner:
            break
        nodes = [node for group in inner for node in group]
    return total


class Throttle:
    """The leaky bucket of one app and shop."""

    def __init__(
        self,
        maximum: float = 2_000,
        restore_rate: float = 100,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.maximum, self.restore_rate, self._now = maximum, restore_rate, now
        self._level, self._at = maximum, now()

    def available(self) -> float:
        """Return how many points may be spent now."""
        now = self._now()
        self._level = min(self.maximum, self._level + (now - self._at) * self.restore_rate)
        self._at = now
        return self._level

    def spend(self, points: float) -> bool:
        """Take the points, or return False when there are too few."""
        if self.available() < points:
            return False
        self._level -= points
        return True

    def give_back(self, points: float) -> None:
        """Return points that were reserved and not used."""
        self._level = min(self.maximum, self._level + points)

    def drain(self) -> None:
        """Empty the bucket."""
        self.available()
        self._level = 0.0

    def report(self, requested: int, actual: int | None) -> JsonObject:
        """Return `extensions.cost` of a reply."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": float(self.maximum),
                "currentlyAvailable": int(self.available()),
                "restoreRate": float(self.restore_rate),
            },
        }
