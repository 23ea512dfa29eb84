"""Row filters of Iceberg scans, over columns by name; values are days or instants as text."""
# mypy reads the fields of the client's models where their constructors take other arguments.
# mypy: disable-error-code="call-arg, arg-type"

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Final

from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
    Or,
)

EVERY_ROW: Final = AlwaysTrue()


def equal(column: str, value: str) -> BooleanExpression:
    """Return `column = value`."""
    return EqualTo(column, value)


def at_least(column: str, value: str) -> BooleanExpression:
    """Return `column >= value`."""
    return GreaterThanOrEqual(column, value)


def at_most(column: str, value: str) -> BooleanExpression:
    """Return `column <= value`."""
    return LessThanOrEqual(column, value)


def below(column: str, value: str) -> BooleanExpression:
    """Return `column < value`."""
    return LessThan(column, value)


def one_of(column: str, values: Iterable[str]) -> BooleanExpression:
    """Return `column IN (values)`."""
    return In(column, list(values))


def both(left: BooleanExpression, right: BooleanExpression) -> BooleanExpression:
    """Return `left AND right`."""
    return And(left, right)


def any_of(expressions: Iterable[BooleanExpression]) -> BooleanExpression:
    """Return the expressions joined by OR; none of them lets nothing pass."""
    return reduce(Or, expressions, AlwaysFalse())
