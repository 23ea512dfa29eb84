"""What dashboard-api takes and gives where it is not a document of the domain."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.clock import IsoDate
from shared.http.pagination import PageParameters
from shared.jobs import SyncObject
from shared.performance.models import NominalClassification
from shared.performance.schemas import PerformanceQuery, SortField

_SORTS = tuple(sign + field for field in get_args(SortField) for sign in ("", "-"))


def _known_sort(text: str) -> str:
    if text not in _SORTS:
        raise ValueError(f"must be one of {', '.join(get_args(SortField))}, or one after a minus")
    return text


AsOf = Annotated[
    IsoDate | None, Field(description="Another day than the newest; the last weeks are kept.")
]


class SummaryParameters(BaseModel):
    """The query parameters of the totals."""

    model_config = ConfigDict(extra="forbid")

    as_of: AsOf = None


class PerformanceParameters(PageParameters):
    """The query parameters of the performance list."""

    as_of: AsOf = None

    classification: Annotated[
        list[NominalClassification] | None, Field(description="Products of any of these classes.")
    ] = None
    tag: Annotated[
        list[str] | None, Field(max_length=20, description="Products with every one of these tags.")
    ] = None
    category: Annotated[str | None, Field(max_length=200)] = None
    designer: Annotated[str | None, Field(max_length=200)] = None
    is_active: bool | None = None
    min_sales_last_7_days: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    min_sales_last_30_days: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    max_sales_last_30_days: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    text: Annotated[
        str | None, Field(max_length=200, description="Part of the product's name, in any case.")
    ] = None
    sort: Annotated[
        str,
        AfterValidator(_known_sort),
        Field(
            description="A field; a minus before it is descending.",
            json_schema_extra={"enum": list(_SORTS)},
        ),
    ] = "-aggregate_measurement_value"

    def query(self) -> PerformanceQuery:
        """Return the same as the measurement engine takes it."""
        return PerformanceQuery.model_validate(
            {
                **self.model_dump(exclude={"sort"}),
                "sort": self.sort.removeprefix("-"),
                "descending": self.sort.startswith("-"),
            }
        )


class SyncRequest(BaseModel):
    """Which objects to sync."""

    model_config = ConfigDict(extra="forbid")

    objects: Annotated[list[SyncObject], Field(min_length=1, max_length=2)] = Field(
        default_factory=lambda: list(get_args(SyncObject))
    )


class SyncRun(BaseModel):
    """A run that was asked for."""

    object: SyncObject
    run_id: str
    href: str = Field(description="Where its progress is.")


class SyncAccepted(BaseModel):
    """The runs that a sync request started."""

    runs: list[SyncRun]


class RunRead(BaseModel):
    """The summary of one Workflow run."""

    model_config = ConfigDict(extra="allow")

    run_id: str


class RunAccepted(BaseModel):
    """A run that was asked for."""

    run_id: str
    href: str = Field(description="Where its progress is.")
