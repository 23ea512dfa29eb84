"""What another classification spec would change is what a refresh by it does change."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from shared.performance.models import ClassificationSpec
from shared.performance.preview_schemas import PREVIEW, ClassificationPreview
from tests.fixtures.measurement import START, Lab, event, product

AS_OF = START.date()
SPECS = [
    ClassificationSpec(threshold_7d=1, threshold_14d=1),
    ClassificationSpec(threshold_30d=1, banana_count=2),
    ClassificationSpec(basis="revenue", threshold_30d=9_000, banana_count=0, stale_days=1),
    ClassificationSpec(threshold_30d=10_000, banana_count=2, w7=0, w14=0, w30=3),
]
BY_HAND = {"aggregate_measurement_value": 900.0}
CLASSED = {"nominal_classification": "winner"}
MEASURED = {"sales_last_30_days": 77}
UNPUBLISHED = {"published_day": None, "created_day": date(2026, 2, 20)}


async def measured(lab: Lab) -> None:
    more = {3: {"override": BY_HAND}, 4: {"override": CLASSED}, 5: {"override": MEASURED}}
    more |= {6: UNPUBLISHED, 7: {"is_active": False}, 8: {**UNPUBLISHED, "is_active": False}}
    lab.dimension = [product(f"prd_{n:02}", **more.get(n, {})) for n in range(20)]
    lab.append(
        [
            event(f"e{n}-{day}", f"prd_{n:02}", START - timedelta(days=day), quantity=n)
            for n in range(1, 18)
            for day in (0, n, 3 * n)
        ]
    )
    await lab.refresh(AS_OF)


@pytest.mark.parametrize("spec", SPECS)
async def test_it_is_what_a_refresh_makes(lab: Lab, spec: ClassificationSpec) -> None:
    await measured(lab)
    known = [
        {"product_id": "prd_03", "value": 900.0},
        {"product_id": "prd_04", "class": "winner"},
        {"product_id": "prd_06", "created_day": "2026-02-20"},
    ]
    asked = {"spec": spec.model_dump(mode="json"), "known": known}
    preview = ClassificationPreview.model_validate(await lab.engine.query(PREVIEW, asked))
    before = lab.performance(AS_OF)
    lab.spec, lab.spec_version = spec, 2
    await lab.refresh(AS_OF)
    after = lab.performance(AS_OF)
    moved = Counter(
        (row["nominal_classification"], after[name]["nominal_classification"])
        for name, row in before.items()
    )
    wanted = {pair: count for pair, count in moved.items() if pair[0] != pair[1]}
    assert {(t.before, t.after): t.products for t in preview.transitions} == wanted
    assert wanted, "the spec changes something"
    assert (preview.products, preview.changed) == (20, sum(wanted.values()))
    assert preview.after == {
        name: Counter(row["nominal_classification"] for row in after.values())[name]
        for name in preview.after
    }


async def test_before_the_first_refresh_there_is_nothing_to_change(lab: Lab) -> None:
    asked = {"spec": ClassificationSpec().model_dump(mode="json")}
    preview = ClassificationPreview.model_validate(await lab.engine.query(PREVIEW, asked))
    assert (preview.products, preview.transitions, preview.as_of) == (0, [], None)
