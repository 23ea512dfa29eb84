"""What measurement means: classes, thresholds, windows. Pure values and their rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CARRY_DAYS: Final = 45
"""Sales older than this are carried as totals per product: longer than any trailing window."""
PERFORMANCE_DAYS_KEPT: Final = 35
"""As-of days of `measurement.performance` that stay readable."""


class NominalClassification(StrEnum):
    """The class of a product; the first rule that holds, in this order."""

    TOP_RISER = "top_riser"
    WINNER = "winner"
    BANANA = "banana"
    ARCHIVE_CANDIDATE = "archive_candidate"
    NONE = "none"


_Threshold = Annotated[int, Field(ge=0, le=10_000_000_000)]
_Weight = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]


class ClassificationSpec(BaseModel):
    """The thresholds that turn windows into a class (a `classification_spec` artifact)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    basis: Literal["units", "revenue"] = "units"
    """What thresholds and weights apply to: net units, or net revenue in minor units."""
    threshold_7d: _Threshold = 10
    threshold_14d: _Threshold = 18
    threshold_30d: _Threshold = 30
    banana_count: Annotated[int, Field(ge=0, le=10_000)] = 20
    stale_days: Annotated[int, Field(ge=1, le=3_650)] = 60
    w7: _Weight = 0.5
    w14: _Weight = 0.3
    w30: _Weight = 0.2

    @model_validator(mode="after")
    def _weights_count(self) -> Self:
        if self.w7 + self.w14 + self.w30 == 0:
            raise ValueError("at least one of w7, w14 and w30 must be above 0")
        return self


_Measure = Annotated[int | None, Field(ge=-(2**53), le=2**53)]


class MeasureOverride(BaseModel):
    """Measures of one product that staff set by hand (a `measurement_override` artifact).

    A measure given here stands in for the computed one before values, ranks and classes are made
    of it; a value or class given here stands in for the made one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sales_last_7_days: _Measure = None
    sales_last_14_days: _Measure = None
    sales_last_30_days: _Measure = None
    sales_first_7_days: _Measure = None
    sales_first_14_days: _Measure = None
    revenue_last_7_days_minor: _Measure = None
    revenue_last_14_days_minor: _Measure = None
    revenue_last_30_days_minor: _Measure = None
    revenue_first_7_days_minor: _Measure = None
    revenue_first_14_days_minor: _Measure = None
    aggregate_measurement_value: Annotated[float | None, Field(allow_inf_nan=False)] = None
    nominal_classification: NominalClassification | None = None
