"""Reads and changes the thresholds and weights that classify products."""

from __future__ import annotations

from shared.errors import PreconditionFailed
from shared.identity.models import Principal
from shared.ids import new_id
from shared.performance.models import ClassificationSpec
from shared.performance.repository import ClassificationSpecs
from shared.performance.schemas import ClassificationSettings
from shared.ports import Database


async def get_classification(db: Database) -> ClassificationSettings:
    """Return the settings; version 0 stands for the defaults, which nobody has changed yet."""
    return await ClassificationSpecs(db).get() or ClassificationSettings(
        spec=ClassificationSpec(), version=0, updated_at=None, updated_by=None
    )


async def put_classification(
    db: Database, spec: ClassificationSpec, expected_version: int, principal: Principal
) -> ClassificationSettings:
    """Replace the settings; the next refresh classifies by them.

    Raises:
        PreconditionFailed: They have another version by now.
    """
    specs = ClassificationSpecs(db)
    if expected_version == 0:
        settings = await specs.add(new_id("mda"), spec, principal.name)
    else:
        settings = await specs.update(spec, expected_version, principal.name)
    if settings is None:
        raise PreconditionFailed(f"the settings no longer have version {expected_version}")
    return settings
