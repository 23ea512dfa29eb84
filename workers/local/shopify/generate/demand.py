"""Which product sells on which day: Zipf popularity, launches that rise, products that die."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from local.shopify.catalogue import Product
from local.shopify.generate.products import launch_day, role_of
from local.shopify.generate.randomness import stream

_TOPIC = 31
_DAYS_KEPT = 96


class Demand:
    """Draws products with the weights of a day; keeps the weights of the last days asked for."""

    def __init__(self, *, seed: int, products: Sequence[Product], days: int) -> None:
        self._products, self._days = products, days
        self._lives = [_Life(seed, number, len(products), days) for number in range(len(products))]
        self._cumulative: OrderedDict[int, array[float]] = OrderedDict()

    def pick(self, day: int, rng: Random) -> Product:
        """Return a product that sells on the day."""
        weights = self._weights(day)
        found = bisect_left(weights, rng.random() * weights[-1])
        return self._products[min(found, len(self._products) - 1)]

    def _weights(self, day: int) -> array[float]:
        if (known := self._cumulative.get(day)) is not None:
            return known
        weights = array("d", accumulate(life.weight(day) for life in self._lives))
        self._cumulative[day] = weights
        if len(self._cumulative) > _DAYS_KEPT:
            self._cumulative.popitem(last=False)
        return weights


class _Life:
    """The rise and fall of one product."""

    def __init__(self, seed: int, number: int, count: int, days: int) -> None:
        rng, role = stream(seed, _TOPIC, number), role_of(number)
        rank = (number * 7 + rng.randrange(3)) % count
        self.base = 0.0 if role.startswith("never_sold") else 1 / (rank + 1.5) ** 1.05
        if role == "gift_card":
            self.base = min(self.base, 0.02)
        self.launched = launch_day(seed, number, days)
        self.ends: float = math.inf
        if role in {"archived", "deleted", "draft"} or rng.random() < 0.12:
            self.ends = max(self.launched, 0) + rng.uniform(0.2, 0.6) * days
        if number == 0:  # on every day something sells
            self.launched, self.ends = -30, math.inf
        self.peak = rng.uniform(1.5, 4.0)
        self.phase = rng.uniform(0, 2 * math.pi)

    def weight(self, day: int) -> float:
        """Return how much of the day's demand this product draws."""
        age = day - self.launched
        if age < 0 or day > self.ends + 21:
            return 0.0
        weight = self.base * (1 + 0.3 * math.sin(day / 9 + self.phase))
        if self.launched >= 0:
            weight *= min(1.0, (age + 1) / 6) * (1 + (self.peak - 1) * math.exp(-age / 14))
        if day > self.ends:
            weight *= math.exp(-(day - self.ends) / 5)
        return weight
