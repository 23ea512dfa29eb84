"""Classification settings: defaults at first, then every change guarded by its version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.clock import FixedClock
from shared.errors import PreconditionFailed
from shared.identity.models import Principal
from shared.performance.models import ClassificationSpec
from shared.performance.settings import get_classification, put_classification
from shared.ports import Database

ANN = Principal(kind="user", subject="s", name="ann@example.com")
CLOCK = FixedClock(datetime(2026, 3, 20, tzinfo=UTC))
SPEC = ClassificationSpec(basis="revenue", threshold_7d=5, w14=0)


async def test_changes_count_up_and_say_who_made_them(db: Database) -> None:
    first = await get_classification(db)
    assert (first.spec, first.version, first.updated_by) == (ClassificationSpec(), 0, None)
    changed = await put_classification(db, SPEC, 0, ANN, clock=CLOCK)
    assert (changed.spec, changed.version) == (SPEC, 1)
    assert (changed.updated_by, changed.updated_at) == (ANN.name, CLOCK.at)
    again = await put_classification(db, ClassificationSpec(), 1, ANN)
    assert again.version == 2
    assert await get_classification(db) == again


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_a_change_of_another_version_is_refused(db: Database, version: int) -> None:
    await put_classification(db, SPEC, 0, ANN)
    kept = await put_classification(db, ClassificationSpec(w7=1), 1, ANN)
    with pytest.raises(PreconditionFailed):
        await put_classification(db, SPEC, version, ANN)
    assert await get_classification(db) == kept


async def test_nothing_has_a_version_before_the_first_change(db: Database) -> None:
    with pytest.raises(PreconditionFailed):
        await put_classification(db, SPEC, 1, ANN)
    assert (await get_classification(db)).version == 0
