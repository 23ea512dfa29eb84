"""Measures that staff sets by hand: they stand in for the computed ones at every refresh."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.artifacts.kinds import ArtifactKind
from shared.artifacts.models import Artifact
from shared.artifacts.repository import Artifacts
from shared.errors import Conflict, FieldProblem, InvalidInput, NotFound
from shared.performance.models import MeasureOverride
from shared.performance.repository import is_product
from shared.ports import Database

_KIND: Final = ArtifactKind.MEASUREMENT_OVERRIDE
_REMOVED: Final = "removed"


class ManualMeasures(MeasureOverride):
    """What staff sets for one product: at least one measure."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set or all(value is None for _, value in self):
            raise ValueError("set at least one measure")
        return self


class ManualDraft(BaseModel):
    """Which product is measured by hand, and how."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"product_id": "prd_1", "measures": {"nominal_classification": "winner"}}
        },
    )

    product_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    measures: ManualMeasures


class ManualMeasurement(BaseModel):
    """The manual measures of one product, and who set them."""

    id: str = Field(description="What is set after these were removed has another id.")
    product_id: str
    measures: MeasureOverride
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @property
    def tag(self) -> str:
        """Return what tells this state from every other one that the product ever had."""
        return f"{self.id}.{self.version}"


class ManualMeasurementNotFound(NotFound):
    """The product has no manual measures."""


class ManualMeasurementExists(Conflict):
    """The product has manual measures already."""


async def get_manual(db: Database, product_id: str) -> ManualMeasurement:
    """Return the manual measures of a product. Raises ManualMeasurementNotFound."""
    held = await Artifacts(db).get_named(_KIND, product_id)
    if held is None or held.status == _REMOVED:
        raise ManualMeasurementNotFound(product_id)
    return _manual(held)


async def add_manual(
    db: Database, draft: ManualDraft, *, at: datetime, by: str
) -> ManualMeasurement:
    """Set measures of a product by hand.

    Raises:
        InvalidInput: There is no such product.
        ManualMeasurementExists: It has manual measures; change those.
    """
    if not await is_product(db, draft.product_id):
        problem = FieldProblem("/product_id", "is not a product of the shop")
        raise InvalidInput(f"{problem.pointer}: {problem.detail}", problems=[problem])
    payload = draft.measures.model_dump(mode="json", exclude_none=True)
    try:
        added = await Artifacts(db).add(_KIND, payload, at=at, by=by, name=draft.product_id)
    except Conflict as error:
        raise ManualMeasurementExists(draft.product_id) from error
    return _manual(added)


async def change_manual(
    db: Database, read: ManualMeasurement, measures: ManualMeasures, *, at: datetime, by: str
) -> ManualMeasurement:
    """Replace manual measures that were read.

    Raises:
        PreconditionFailed: Somebody changed or removed them since.
    """
    payload = measures.model_dump(mode="json", exclude_none=True)
    changed = await Artifacts(db).update(
        _KIND, read.id, expected_version=read.version, at=at, by=by, payload=payload
    )
    return _manual(changed)


async def remove_manual(db: Database, read: ManualMeasurement, *, at: datetime, by: str) -> None:
    """Let the computed measures stand again; what was set, and who ended it, is kept.

    Raises:
        PreconditionFailed: Somebody changed or removed them since they were read.
    """
    await Artifacts(db).update(
        _KIND,
        read.id,
        expected_version=read.version,
        at=at,
        by=by,
        status=_REMOVED,
        name=read.id,  # the product's name is free for the next
    )


def _manual(artifact: Artifact) -> ManualMeasurement:
    return ManualMeasurement(
        id=artifact.id,
        product_id=artifact.name or "",
        measures=MeasureOverride.model_validate(artifact.payload),
        version=artifact.version,
        created_at=artifact.created_at,
        created_by=artifact.created_by,
        updated_at=artifact.updated_at,
        updated_by=artifact.updated_by,
    )
