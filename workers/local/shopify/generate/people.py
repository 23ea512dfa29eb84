"""Who buys and where: customers, addresses and the taxes of the place."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from local.shopify.generate import words
from local.shopify.generate.randomness import stream
from local.shopify.orders import Address, Customer

FIRST_CUSTOMER = 6_300_000_000_000
_TOPIC = 51


class Place(NamedTuple):
    """One place of delivery: its currency, and the taxes with their rates in parts per million."""

    share: float
    country: str
    country_code: str
    province: str | None
    province_code: str | None
    city: str
    zip: str
    currency: str
    rate_ppm: int
    included: bool
    taxes: tuple[tuple[str, int], ...]


_HOME = 1_000_000
PLACES = (
    Place(0.24, "United States", "US", "New York", "NY", "Brooklyn", "11201", "USD", _HOME,
          False, (("New York State Tax", 40_000), ("Kings County Tax", 48_750))),
    Place(0.18, "United States", "US", "California", "CA", "Oakland", "94607", "USD", _HOME,
          False, (("California State Tax", 72_500),)),
    Place(0.12, "United States", "US", "Oregon", "OR", "Portland", "97209", "USD", _HOME,
          False, (("Oregon State Tax", 0),)),
    Place(0.08, "United States", "US", "Montana", "MT", "Missoula", "59801", "USD", _HOME,
          False, ()),
    Place(0.1, "Canada", "CA", "Ontario", "ON", "Ottawa", "K1A 0B1", "CAD", 1_362_500,
          False, (("HST", 130_000),)),
    Place(0.12, "Germany", "DE", None, None, "Köln", "50667", "EUR", 921_300,
          True, (("DE MwSt", 190_000),)),
    Place(0.08, "United Kingdom", "GB", "England", "ENG", "Bristol", "BS1 4DJ", "GBP", 786_400,
          True, (("GB VAT", 200_000),)),
    Place(0.05, "Japan", "JP", "Tōkyō", "JP-13", "渋谷区", "150-0001", "JPY", 1_513_700,
          True, (("消費税", 100_000),)),
    Place(0.03, "Australia", "AU", "Victoria", "VIC", "Melbourne", "3000", "USD", _HOME,
          True, (("GST", 100_000),)),
)  # fmt: skip


def draw_place(rng: Random) -> Place:
    """Return a place, the near ones more often."""
    drawn = rng.random()
    for place in PLACES:
        drawn -= place.share
        if drawn < 0:
            return place
    return PLACES[0]


def customer_of(seed: int, orders: int, rng: Random, since: int) -> Customer:
    """Return one of the shop's customers, all known before `since`; some buy more often."""
    number = int(max(orders // 2, 5) * rng.random() ** 1.6)
    return _customer(seed, number, since)


@lru_cache(maxsize=2_048)
def _customer(seed: int, number: int, since: int) -> Customer:
    own = stream(seed, _TOPIC, number)
    first, last = own.choice(words.FIRST_NAMES), own.choice(words.LAST_NAMES)
    return Customer(
        id=FIRST_CUSTOMER + number * 1024,
        first_name=first,
        last_name=last,
        email=f"buyer{number}@example.com" if own.random() < 0.95 else None,
        phone=f"+1555{number:07d}" if own.random() < 0.3 else None,
        created_at=since - own.randrange(400 * 86_400),
    )


def address(place: Place, customer: Customer | None, rng: Random) -> Address:
    """Return an address at the place."""
    first = customer.first_name if customer else rng.choice(words.FIRST_NAMES)
    last = customer.last_name if customer else rng.choice(words.LAST_NAMES)
    return Address(
        first_name=first if rng.random() < 0.97 else None,
        last_name=last,
        company="ACME / Söhne GmbH" if rng.random() < 0.08 else None,
        address1=f"{rng.randrange(1, 400)} Rue de l'Écluse",
        address2="Apt. 4/B" if rng.random() < 0.2 else None,
        city=place.city,
        province=place.province,
        province_code=place.province_code,
        country=place.country,
        country_code=place.country_code,
        zip=place.zip,
        phone=None,
        latitude=45.41634 if rng.random() < 0.5 else None,
        longitude=-75.6868,
    )
