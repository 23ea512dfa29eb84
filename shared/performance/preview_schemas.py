"""What another classification spec would change, before anybody saves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.performance.models import ClassificationSpec, NominalClassification

PREVIEW: Final = "classification-preview"
KNOWN_MAX: Final = 10_000


class KnownProduct(BaseModel):
    """What the measured rows do not tell of a product.

    The value and class that staff set, and since when an active product that is not published
    counts as there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    product_id: str
    created_day: date | None = None
    value: Annotated[float | None, Field(allow_inf_nan=False)] = None
    nominal: Annotated[NominalClassification | None, Field(alias="class")] = None


class PreviewQuery(BaseModel):
    """The spec that is tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: ClassificationSpec
    known: Annotated[list[KnownProduct], Field(max_length=KNOWN_MAX)] = Field(default_factory=list)


class ClassTransition(BaseModel):
    """So many products go from one class to another."""

    model_config = ConfigDict(frozen=True)

    before: NominalClassification
    after: NominalClassification
    products: int


class ClassificationPreview(BaseModel):
    """How the measured products would be classified."""

    model_config = ConfigDict(frozen=True)

    products: int
    changed: int = Field(description="Products whose class would be another one.")
    transitions: list[ClassTransition] = Field(description="Only those that change something.")
    before: dict[NominalClassification, int]
    after: dict[NominalClassification, int]
    as_of: date | None
    snapshot_id: str | None

    @classmethod
    def of(
        cls, rows: Sequence[tuple[str, str, int]], *, as_of: date | None, snapshot_id: str | None
    ) -> Self:
        """Return the preview that these counts by both classes amount to."""
        before: Counter[str] = Counter()
        after: Counter[str] = Counter()
        for old, new, products in rows:
            before[old] += products
            after[new] += products
        transitions = [
            ClassTransition(
                before=NominalClassification(old), after=NominalClassification(new), products=count
            )
            for old, new, count in rows
            if old != new
        ]
        return cls(
            products=before.total(),
            changed=sum(item.products for item in transitions),
            transitions=transitions,
            before={name: before[name] for name in NominalClassification},
            after={name: after[name] for name in NominalClassification},
            as_of=as_of,
            snapshot_id=snapshot_id,
        )
