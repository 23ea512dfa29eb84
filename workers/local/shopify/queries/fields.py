"""How a field of a GraphQL type is read from the shop's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from operator import attrgetter
from typing import NamedTuple

from local.shopify.instants import utc_text
from shared.ports import JsonObject

Resolver = Callable[..., object]


class Kind(Enum):
    """What a field returns."""

    SCALAR = auto()
    OBJECT = auto()
    LIST = auto()
    CONNECTION = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its resolver, and the type and number of the objects it returns."""

    resolve: Resolver
    kind: Kind = Kind.SCALAR
    type: str = ""
    takes_arguments: bool = False
    """The resolver is called with (object, arguments, store) instead of (object)."""
    path: str = ""
    """The attribute that a plain field reads: many of them are read in one go."""
    is_constant: bool = False


Fields = Mapping[str, Field]


class Reference(NamedTuple):
    """An object of which only the id is kept here."""

    gid: str
    name: str = ""


class Search(NamedTuple):
    """The result of a root connection: its items, and warnings about its search query."""

    items: Iterable[object]
    warnings: list[JsonObject]
    query: str


def read(path: str) -> Field:
    """Read a scalar attribute."""
    return Field(attrgetter(path), path=path)


def constant(value: object) -> Field:
    """Return the same scalar for every object."""
    return Field(lambda _: value, is_constant=True)


def moment(path: str) -> Field:
    """Read epoch seconds as a DateTime."""
    get = attrgetter(path)
    return Field(lambda found: utc_text(get(found)))


def one(type_name: str, resolve: Resolver | str) -> Field:
    """Read one object, or null."""
    return Field(_reader(resolve), Kind.OBJECT, type_name)


def many(type_name: str, resolve: Resolver | str) -> Field:
    """Read a list of objects."""
    return Field(_reader(resolve), Kind.LIST, type_name)


def connection(type_name: str, resolve: Resolver | str) -> Field:
    """Read a connection of objects."""
    return Field(_reader(resolve), Kind.CONNECTION, type_name)


def from_store(resolve: Callable[..., object], kind: Kind, type_name: str = "") -> Field:
    """Read a field whose resolver needs the arguments and the store."""
    return Field(resolve, kind, type_name, takes_arguments=True)


def _reader(resolve: Resolver | str) -> Resolver:
    return attrgetter(resolve) if isinstance(resolve, str) else resolve
