"""Amounts of the emulated shop: whole minor units in the shop's and the buyer's currency."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from shared.money import exponent


class Currencies(NamedTuple):
    """The shop's currency, the buyer's, and how many minor units of his one of ours buys."""

    shop: str
    presentment: str
    rate_ppm: int = 1_000_000
    """Presentment minor units per million shop minor units."""


class Bag(NamedTuple):
    """One amount in both currencies, as Shopify's MoneyBag."""

    shop: int
    presentment: int
    currencies: Currencies


def share(total: int, part: int, whole: int) -> int:
    """Return `total * part / whole`, rounded half to even."""
    quotient, rest = divmod(total * part, whole)
    if rest * 2 > whole or (rest * 2 == whole and quotient & 1):
        quotient += 1
    return quotient


def bag(shop_minor: int, currencies: Currencies) -> Bag:
    """Return the amount converted at the order's rate."""
    if currencies.rate_ppm == 1_000_000:
        return Bag(shop_minor, shop_minor, currencies)
    return Bag(shop_minor, share(shop_minor, currencies.rate_ppm, 1_000_000), currencies)


def zero(currencies: Currencies) -> Bag:
    """Return no money."""
    return Bag(0, 0, currencies)


def plus(left: Bag, right: Bag) -> Bag:
    """Return the sum."""
    return Bag(left.shop + right.shop, left.presentment + right.presentment, left.currencies)


def minus(left: Bag, right: Bag) -> Bag:
    """Return the difference."""
    return Bag(left.shop - right.shop, left.presentment - right.presentment, left.currencies)


def times(amount: Bag, count: int) -> Bag:
    """Return the amount that many times."""
    return Bag(amount.shop * count, amount.presentment * count, amount.currencies)


def part_of(amount: Bag, part: int, whole: int) -> Bag:
    """Return the share of `part` units out of `whole`, each currency rounded half to even."""
    if whole in (part, 0):
        return amount
    return Bag(
        share(amount.shop, part, whole), share(amount.presentment, part, whole), amount.currencies
    )


def positive(amount: Bag) -> Bag:
    """Return the amount, or nothing where it is negative."""
    return Bag(max(amount.shop, 0), max(amount.presentment, 0), amount.currencies)


@lru_cache(maxsize=65_536)
def graphql_text(minor: int, currency: str) -> str:
    """Write an amount as GraphQL does: as few digits as possible, at least one decimal."""
    text = rest_text(minor, currency)
    if "." not in text:
        return text + ".0"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


@lru_cache(maxsize=65_536)
def rest_text(minor: int, currency: str) -> str:
    """Write an amount as REST and webhooks do: all digits of the currency."""
    digits = exponent(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"
