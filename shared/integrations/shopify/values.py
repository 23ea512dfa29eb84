"""One set of value rules for both of Shopify's shapes, GraphQL and REST (webhooks).

Every function takes a value as `json.loads` leaves it and returns what the records hold. They
raise ValueError, TypeError or KeyError on nonsense, which `trace.guarded` turns into a
MalformedNode that names the field. A sync calls them millions of times: keep them flat.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from operator import index
from typing import Any, Final

from shared.ids import derived_id, gid
from shared.money import ZERO
from shared.orders import emails

Node = Mapping[str, Any]
Pair = tuple[Decimal, Decimal]
"""An amount in the shop's and in the presentment currency."""
OptionalPair = tuple[Decimal | None, Decimal | None]
EMPTY_LIST: Final = "[]"


def clean(value: str) -> str:
    """Return the text without what PostgreSQL cannot store: NUL and lone surrogates."""
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


def text(value: str | float | None) -> str:
    """Return a text that the record cannot do without; null is the empty text."""
    if value is None:
        return ""
    return clean(value if isinstance(value, str) else str(value))


def optional(value: str | float | None) -> str | None:
    """Return a text or None; the shapes differ in writing "" and null, so both are None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else clean(value) or None
    return str(value)


@lru_cache(maxsize=1_024)
def upper(value: str | None) -> str | None:
    """Return an enum's name as GraphQL writes it; REST writes it in lower case."""
    return clean(value).upper() if value else None


@lru_cache(maxsize=1_024)
def instant(value: str) -> datetime:
    """Parse an instant (`Z` or an offset) into aware UTC.

    Remembers: what happens to an order at once bears one instant in several fields.
    """
    at = datetime.fromisoformat(value)
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return at.astimezone(UTC)


def optional_instant(value: str | None) -> datetime | None:
    """Parse an instant, or return None."""
    return instant(value) if value else None


@lru_cache(maxsize=32_768)
def amount(value: str | float | None) -> Decimal:
    """Parse an amount; null is zero, a JSON number is read by its digits.

    Remembers: the amounts of a shop repeat, and most of them are zero.
    """
    if value is None:
        return ZERO
    parsed = Decimal(value if isinstance(value, str) else str(value))
    if not parsed.is_finite():
        raise ValueError(f"{value!r} is not an amount of money")
    return parsed


def optional_amount(value: str | float | None) -> Decimal | None:
    """Parse an amount, or return None."""
    return None if value is None or value == "" else amount(value)


def money(bag: Node | None) -> Pair:
    """Return a GraphQL MoneyBag as (shop, presentment)."""
    if bag is None:
        return ZERO, ZERO
    text = bag["shopMoney"]["amount"]
    shop, presentment = amount(text), bag.get("presentmentMoney")
    if presentment is None or presentment["amount"] == text:
        return shop, shop
    return shop, amount(presentment["amount"])


def shop_money(bag: Node | None) -> Decimal:
    """Return the shop's side of a GraphQL MoneyBag."""
    return ZERO if bag is None else amount(bag["shopMoney"]["amount"])


def rest_money(owner: Node, name: str) -> Pair:
    """Return a REST amount as (shop, presentment): `{name}_set` if it is there, else `name`."""
    bag = owner.get(name + "_set")
    if bag is None:
        plain = amount(owner.get(name))
        return plain, plain
    shop = amount(bag["shop_money"]["amount"])
    presentment = bag.get("presentment_money")
    return shop, shop if presentment is None else amount(presentment["amount"])


def integer(value: int | str | None) -> int:
    """Return a whole number; null is zero."""
    return 0 if value is None else int(value)


def claim(value: object) -> bool:
    """Return a boolean; null is False, and text is an error, not a truth."""
    if value is True or value is False:
        return value
    if value is None:
        return False
    raise TypeError(f"{type(value).__name__} is not a boolean")


def rest_gid(kind: str, node: Node) -> str:
    """Return the gid of a REST object; some bodies carry only the number."""
    own = node.get("admin_graphql_api_id")
    made = plain_gid(own) if own else gid_of(kind, node["id"])
    if made is None:
        raise ValueError("the object has no id")
    return made


def gid_of(kind: str, number: int | str | None) -> str | None:
    """Return the gid of a REST id (64-bit, so never a float), or None."""
    if number is None:
        return None
    if isinstance(number, str):
        return number if number.startswith("gid:") else gid(kind, int(number))
    return gid(kind, index(number))


def plain_gid(value: str) -> str:
    """Return a gid without the `?query` it may carry, so that it names one object always."""
    if not value.startswith("gid://"):
        raise ValueError(f"{value!r} is not a gid")
    return value.partition("?")[0] if "?" in value else value


@lru_cache(maxsize=16_384)
def known_id(prefix: str, value: str) -> str:
    """Return our id of a gid that many rows name (an order's lines, a product's sales)."""
    return derived_id(prefix, plain_gid(value))


def ref_id(prefix: str, node: Node | None) -> str | None:
    """Return our id of a referenced node such as `product { id }`, or None."""
    return None if node is None else known_id(prefix, node["id"])


def texts(values: Iterable[str] | None) -> str:
    """Return a compact JSON list of texts, the same text for the same values."""
    if not values:
        return EMPTY_LIST
    return f"[{','.join([_quoted(clean(value)) for value in values])}]"


def attributes(values: Iterable[Node | None] | None, name: str = "key") -> str:
    """Return a JSON list of {"key", "value"}; REST calls the key `name`."""
    if not values:
        return EMPTY_LIST
    listed = [
        f'{{"key":{_quoted(text(item[name]))},"value":{_nullable(_plain(item.get("value")))}}}'
        for item in values
        if item is not None
    ]
    return f"[{','.join(listed)}]"


def _nullable(value: str | None) -> str:
    plain = optional(value)
    return "null" if plain is None else _quoted(plain)


def _plain(value: object) -> str | None:
    """Return the value of an attribute as text: apps put numbers and objects in REST bodies."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tags(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return tags from a list (GraphQL) or a comma text (REST), in one canonical order."""
    if not value:
        return ()
    listed = value.split(",") if isinstance(value, str) else value
    unique = dict.fromkeys(clean(tag).strip() for tag in listed)
    return tuple(sorted((tag for tag in unique if tag), key=lambda tag: (tag.lower(), tag)))


def email_hash(value: str | None) -> str | None:
    """Return the hash by which orders name an e-mail address, or None."""
    return emails.email_hash(clean(value)) if value else None


def tracking(rows: Iterable[tuple[str | None, str | None, str | None]]) -> str:
    """Return a JSON list of {"company", "number", "url"} for rows that say anything."""
    listed = [
        f'{{"company":{_nullable(company)},"number":{_nullable(number)},"url":{_nullable(url)}}}'
        for company, number, url in rows
        if company or number or url
    ]
    return f"[{','.join(listed)}]" if listed else EMPTY_LIST
