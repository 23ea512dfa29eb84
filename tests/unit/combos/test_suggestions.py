"""Suggestions: bounded, explained, and the same whatever the order of the products."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.combos.suggestions import (
    LIFT_MIN,
    PAIR_TAGS,
    PRODUCTS_MIN,
    Candidate,
    CombinationTallies,
    Examples,
    Sold,
    Tag,
    TagTallies,
    best_tags,
    candidates,
    suggestion,
)

KNOWN = {
    f"tag_{n}": Tag(f"tag_{n}", f"Tag {n}", f"pct_{n % 4}", f"Group {n % 4}") for n in range(9)
}
PRODUCTS = st.lists(
    st.tuples(st.integers(-5, 500), st.sets(st.sampled_from(sorted(KNOWN)), max_size=6)),
    max_size=40,
).map(
    lambda rows: [
        Sold(f"prd_{n:03}", units, tuple(sorted(tags))) for n, (units, tags) in enumerate(rows)
    ]
)


def ranked(sold: list[Sold], known: dict[str, Tag] | None = None) -> list[Candidate]:
    known = known or KNOWN
    tallies = TagTallies()
    for product in sold:
        tallies.add(product)
    tags = best_tags(tallies, known)
    observed = CombinationTallies(tags)
    for product in sold:
        observed.add(product)
    return candidates(tags, known, tallies, observed)


def explained(sold: list[Sold]) -> list[dict[str, object]]:
    tallies = TagTallies()
    for product in sold:
        tallies.add(product)
    observed = CombinationTallies(best_tags(tallies, KNOWN))
    chosen = ranked(sold)
    examples = Examples([candidate.combination for candidate in chosen])
    for product in sold:
        observed.add(product)
        examples.add(product)
    return [
        suggestion(
            candidate,
            rank,
            known=KNOWN,
            tallies=tallies,
            observed=observed,
            examples=examples,
            source={"run_id": "r", "as_of": "2026-01-01"},
        )
        for rank, candidate in enumerate(chosen, 1)
    ]


@given(PRODUCTS)
@settings(deadline=None, max_examples=40)
def test_confidence_is_between_0_and_1_and_ranks(sold: list[Sold]) -> None:
    found = ranked(sold)
    assert all(0 <= candidate.confidence < 1 for candidate in found)
    assert all(candidate.lift >= LIFT_MIN for candidate in found)
    confidences = [candidate.confidence for candidate in found]
    assert confidences == sorted(confidences, reverse=True)


@given(PRODUCTS)
@settings(deadline=None, max_examples=40)
def test_no_combination_twice_and_all_of_different_groups(sold: list[Sold]) -> None:
    found = ranked(sold)
    assert len({frozenset(c.combination) for c in found}) == len(found)
    assert len({c.key for c in found}) == len(found)
    for candidate in found:
        groups = {KNOWN[tag].category_id for tag in candidate.combination}
        assert len(groups) == len(candidate.combination) in (2, 3)
        for tag in candidate.combination:
            assert sum(tag in product.tag_ids for product in sold) >= PRODUCTS_MIN


@given(PRODUCTS, st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_products_changes_nothing(sold: list[Sold], dice: random.Random) -> None:
    shuffled = sold[:]
    dice.shuffle(shuffled)
    assert explained(shuffled) == explained(sold)


def shop(*groups: tuple[int, int, tuple[str, ...]]) -> list[Sold]:
    """Return products: how many, units of each, tags."""
    sold: list[Sold] = []
    for count, units, tags in groups:
        sold += [Sold(f"prd_{len(sold) + n:04}", units, tags) for n in range(count)]
    return sold


PLAIN = (50, 10, ())


def test_what_sells_well_in_parts_is_suggested() -> None:
    found = ranked(shop(PLAIN, (10, 60, ("tag_0",)), (10, 40, ("tag_1",)), (10, 1, ("tag_2",))))
    assert [candidate.combination for candidate in found] == [("tag_0", "tag_1")]


def test_a_combination_that_was_seen_to_fail_loses() -> None:
    parts = (PLAIN, (20, 60, ("tag_0",)), (20, 60, ("tag_1",)), (20, 60, ("tag_2",)))
    unseen = {c.combination: c.confidence for c in ranked(shop(*parts))}
    seen = {c.combination: c.confidence for c in ranked(shop(*parts, (6, 0, ("tag_0", "tag_1"))))}
    assert seen.get(("tag_0", "tag_1"), 0) < unseen["tag_0", "tag_1"]
    assert ("tag_0", "tag_1") not in seen or seen["tag_0", "tag_1"] < seen["tag_0", "tag_2"]


def test_a_combination_that_was_seen_to_sell_wins() -> None:
    parts = (PLAIN, (20, 30, ("tag_0",)), (20, 30, ("tag_1",)), (20, 40, ("tag_2",)))
    found = ranked(shop(*parts, (8, 200, ("tag_0", "tag_1"))))
    assert found[0].combination == ("tag_0", "tag_1")


def test_few_products_say_little() -> None:
    few = ranked(shop(PLAIN, (3, 60, ("tag_0",)), (3, 60, ("tag_1",))))
    many = ranked(shop(PLAIN, (30, 60, ("tag_0",)), (30, 60, ("tag_1",))))
    assert few[0].confidence < many[0].confidence
    assert ranked(shop(PLAIN, (2, 60, ("tag_0",)), (30, 60, ("tag_1",)))) == []


def test_a_shop_that_sells_nothing_gets_none() -> None:
    assert ranked([]) == []
    assert ranked(shop((30, 0, ("tag_0", "tag_1")))) == []
    assert ranked(shop((30, -3, ("tag_0", "tag_1")))) == []


def test_the_number_of_tags_is_capped() -> None:
    many = {f"tag_{n:04}": Tag(f"tag_{n:04}", f"T{n}", f"pct_{n}", "G") for n in range(400)}
    sold = shop((4000, 1, ()), *((3, 50 + n, (tag,)) for n, tag in enumerate(sorted(many))))
    tallies = TagTallies()
    for product in sold:
        tallies.add(product)
    best = best_tags(tallies, many)
    assert len(best) == PAIR_TAGS
    assert best[0] == "tag_0399"


def test_the_evidence_can_be_recomputed() -> None:
    sold = shop(PLAIN, (10, 60, ("tag_0", "tag_1")), (10, 40, ("tag_1", "tag_2")))
    for made in explained(sold):
        payload = made["payload"]
        assert isinstance(payload, dict)
        evidence, tags = payload["evidence"], payload["tag_ids"]
        together = [product for product in sold if set(tags) <= set(product.tag_ids)]
        assert evidence["observed"]["products"] == len(together)
        assert evidence["observed"]["units"] == sum(product.units for product in together)
        for part in evidence["parts"]:
            carrying = [p for p in sold if part["tag_id"] in p.tag_ids]
            assert part["products"] == len(carrying)
            best = sorted((-p.units, p.product_id) for p in carrying)[:5]
            shown = [(-e["units"], e["product_id"]) for e in part["examples"]]
            assert shown == best
    assert len(explained(sold)) == len(list(combinations(["tag_0", "tag_1", "tag_2"], 2))) + 1
