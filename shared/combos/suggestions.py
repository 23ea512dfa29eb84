"""Which combinations of tags to suggest, how surely, and why: pure, and the same for every order.

Every number starts from whole units sold, so no order of the products changes a sum. A tag's
*lift* is how much more its products sell than the average product: units per product, drawn
towards the average as if `PRIOR` average products carried the tag too. A combination is expected
to have the geometric mean of its tags' lifts; products that carry all of them draw it away from
there. Confidence is `lift / (1 + lift)`, one half for the average, times how much was seen,
`n / (n + PRIOR)`: the products of the rarest tag, and those that carry the whole combination.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Final

from shared.combos.models import key_of_ids
from shared.ids import derived_id
from shared.ports import JsonObject

PRIOR: Final = 5
"""Average products that stand for what is not known."""
PRODUCTS_MIN: Final = 3
"""A tag that fewer products carry says nothing yet."""
LIFT_MIN: Final = 1.05
"""Combinations below sell like the average product."""
PAIR_TAGS: Final = 150
TRIPLE_TAGS: Final = 50
"""The tags with the highest lift that pairs and triples are made of; they bound the memory."""
EXAMPLES: Final = 5
_DIGITS: Final = 4

Combination = tuple[str, ...]
"""Ids of tags, sorted."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A classified tag."""

    id: str
    name: str
    category_id: str
    category: str


@dataclass(frozen=True, slots=True)
class Sold:
    """One active product: its units in the window, and its classified tags."""

    product_id: str
    units: int
    tag_ids: Combination


@dataclass(slots=True)
class Tally:
    """Products and units of something."""

    products: int = 0
    units: int = 0

    def add(self, units: int) -> None:
        """Count one product. Net returns are no sales."""
        self.products += 1
        self.units += max(0, units)


@dataclass(slots=True)
class TagTallies:
    """What the first pass over the products counts."""

    everything: Tally = field(default_factory=Tally)
    tags: dict[str, Tally] = field(default_factory=dict)

    def add(self, sold: Sold) -> None:
        """Count one product."""
        self.everything.add(sold.units)
        for tag_id in sold.tag_ids:
            self.tags.setdefault(tag_id, Tally()).add(sold.units)

    @property
    def mean(self) -> float:
        """Return the units of the average product."""
        return self.everything.units / self.everything.products if self.everything.products else 0.0

    def lift(self, tag_id: str) -> float:
        """Return how much more than the average the tag's products sell."""
        return _lift(self.tags[tag_id], self.mean, 1.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One combination that could be suggested."""

    combination: Combination
    lift: float
    confidence: float
    key: str


def best_tags(tallies: TagTallies, known: Mapping[str, Tag]) -> list[str]:
    """Return the tags that sell better than the average, the best first; ties by id."""
    if tallies.mean <= 0:
        return []
    lifts = {
        tag_id: tallies.lift(tag_id)
        for tag_id, tally in tallies.tags.items()
        if tag_id in known and tally.products >= PRODUCTS_MIN and tally.units > 0
    }
    good = [tag_id for tag_id, lift in lifts.items() if lift > 1]
    return sorted(good, key=lambda tag_id: (-round(lifts[tag_id], _DIGITS), tag_id))[:PAIR_TAGS]


class CombinationTallies:
    """What the second pass counts: products that carry several of the best tags."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._pairs, self._triples = frozenset(tags), frozenset(tags[:TRIPLE_TAGS])
        self._products: Counter[Combination] = Counter()
        self._units: Counter[Combination] = Counter()

    def add(self, sold: Sold) -> None:
        """Count one product."""
        for combination in self._of(sold):
            self._products[combination] += 1
            self._units[combination] += max(0, sold.units)

    def tally(self, combination: Combination) -> Tally:
        """Return what was counted of a combination."""
        return Tally(self._products[combination], self._units[combination])

    def _of(self, sold: Sold) -> Iterable[Combination]:
        carried = sorted(self._pairs.intersection(sold.tag_ids))
        yield from combinations(carried, 2)
        yield from combinations([tag for tag in carried if tag in self._triples], 3)


def candidates(
    tags: Sequence[str],
    known: Mapping[str, Tag],
    tallies: TagTallies,
    observed: CombinationTallies,
) -> list[Candidate]:
    """Return every combination that sells well enough, the most confident first; ties by key.

    Args:
        tags: The best tags, the best first.
        known: Every classified tag.
        tallies: The first pass.
        observed: The second pass.
    """
    lifts = {tag: tallies.lift(tag) for tag in tags}
    found = []
    for size, most in ((2, PAIR_TAGS), (3, TRIPLE_TAGS)):
        for parts in combinations(sorted(tags[:most]), size):
            if len({known[tag].category_id for tag in parts}) == size:
                expected = prod(lifts[tag] for tag in parts) ** (1 / size)
                together = observed.tally(parts)
                lift = _lift(together, tallies.mean, expected)
                if lift >= LIFT_MIN:
                    seen = together.products + min(tallies.tags[t].products for t in parts)
                    found.append((parts, lift, _confidence(lift, seen)))
    ranked = sorted(found, key=lambda item: (-item[2], item[0]))
    return [
        Candidate(parts, round(lift, _DIGITS), confidence, key_of_ids(parts))
        for parts, lift, confidence in ranked
    ]


@dataclass(slots=True)
class Examples:
    """The best products of each chosen combination, and of each of its tags."""

    chosen: Sequence[Combination]
    of: dict[Combination, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, sold: Sold) -> None:
        """Look at one product."""
        carried = frozenset(sold.tag_ids)
        for combination in self.chosen:
            if carried.issuperset(combination):
                self._keep(combination, sold)
            for tag in combination:
                if tag in carried:
                    self._keep((tag,), sold)

    def _keep(self, what: Combination, sold: Sold) -> None:
        entry = (-max(0, sold.units), sold.product_id)
        held = self.of.setdefault(what, [])
        if entry not in held:
            held.append(entry)
            held.sort()
            del held[EXAMPLES:]

    def products(self, what: Combination) -> list[JsonObject]:
        """Return the best products, the best first."""
        return [{"product_id": name, "units": -units} for units, name in self.of.get(what, [])]


def suggestion(
    candidate: Candidate,
    rank: int,
    *,
    known: Mapping[str, Tag],
    tallies: TagTallies,
    observed: CombinationTallies,
    examples: Examples,
    source: JsonObject,
) -> JsonObject:
    """Return a suggestion as it is kept: id, name and payload.

    Args:
        candidate: What is suggested.
        rank: Its place, from 1.
        known: Every classified tag.
        tallies: The first pass.
        observed: The second pass.
        examples: The third pass.
        source: The run, and the measurement's day, snapshot and window.
    """
    tags = [known[tag] for tag in candidate.combination]
    together = observed.tally(candidate.combination)
    parts = [
        {
            "tag_id": tag.id,
            "tag": tag.name,
            "category": tag.category,
            "products": tallies.tags[tag.id].products,
            "units": tallies.tags[tag.id].units,
            "lift": round(tallies.lift(tag.id), _DIGITS),
            "examples": examples.products((tag.id,)),
        }
        for tag in tags
    ]
    evidence = {
        "lift": candidate.lift,
        "parts": parts,
        "observed": {
            "products": together.products,
            "units": together.units,
            "examples": examples.products(candidate.combination),
        },
        "shop": {
            "products": tallies.everything.products,
            "units": tallies.everything.units,
            "units_per_product": round(tallies.mean, _DIGITS),
        },
        "prior_products": PRIOR,
        **{name: value for name, value in source.items() if name != "run_id"},
    }
    return {
        "id": derived_id("mda", "combo_suggestion", candidate.key),
        "name": candidate.key,
        "payload": {
            "tags": [tag.name for tag in tags],
            "tag_ids": list(candidate.combination),
            "categories": [tag.category for tag in tags],
            "confidence": candidate.confidence,
            "rank": rank,
            "run_id": source["run_id"],
            "evidence": evidence,
        },
    }


def _lift(tally: Tally, mean: float, expected: float) -> float:
    """Return units per product over the mean, drawn towards what was expected."""
    return (tally.units / mean + PRIOR * expected) / (tally.products + PRIOR)


def _confidence(lift: float, seen: int) -> float:
    return round(lift / (1 + lift) * seen / (seen + PRIOR), _DIGITS)
