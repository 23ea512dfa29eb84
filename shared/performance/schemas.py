"""The documents that the API, the Workflow and the measurement engine exchange."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared import limits
from shared.config import Zone
from shared.performance.models import (
    ClassificationSpec,
    MeasureOverride,
    NominalClassification,
)

SortField = Literal[
    "aggregate_measurement_value",
    "sales_last_7_days",
    "sales_last_14_days",
    "sales_last_30_days",
    "sales_first_7_days",
    "sales_first_14_days",
    "revenue_last_7_days_minor",
    "revenue_last_14_days_minor",
    "revenue_last_30_days_minor",
    "revenue_first_7_days_minor",
    "revenue_first_14_days_minor",
    "total_units",
    "total_revenue_minor",
    "product_name",
    "last_sale_day",
    "first_sale_day",
]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProductMeasurementDatum(_Document):
    """One product's measures on the as-of day. Units and revenue are net of refunds."""

    product_id: str
    product_name: str
    is_active: bool
    aggregate_measurement_value: float
    rank: int | None = None
    """Rank by aggregate value among active products with a value above 0; ties by product id."""
    nominal_classification: NominalClassification
    sales_last_7_days: int
    sales_last_14_days: int
    sales_last_30_days: int
    sales_first_7_days: int
    sales_first_14_days: int
    revenue_last_7_days_minor: int
    revenue_last_14_days_minor: int
    revenue_last_30_days_minor: int
    revenue_first_7_days_minor: int
    revenue_first_14_days_minor: int
    total_units: int
    total_revenue_minor: int
    total_refunded_units: int
    total_refunded_minor: int
    currency: str
    first_sale_day: date | None = None
    last_sale_day: date | None = None
    published_day: date | None = None
    tags: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    designer: str | None = None
    is_manual: bool = False
    """A manual measurement or override stands in this row."""


class PerformanceQuery(_Document):
    """Filters, order and page of a list; filters that are None do not filter."""

    product_id: str | None = None
    classification: list[NominalClassification] | None = None
    tag: list[str] | None = None
    """Products that carry every one of these tags."""
    category: str | None = None
    designer: str | None = None
    is_active: bool | None = None
    min_sales_last_7_days: int | None = None
    min_sales_last_30_days: int | None = None
    max_sales_last_30_days: int | None = None
    text: Annotated[str | None, Field(max_length=200)] = None
    """Case-insensitive part of the product's name."""
    sort: SortField = "aggregate_measurement_value"
    descending: bool = True
    limit: Annotated[int, Field(ge=1, le=limits.PAGE_SIZE_MAX)] = limits.PAGE_SIZE_DEFAULT
    cursor: Annotated[str | None, Field(max_length=2_000)] = None
    as_of: date | None = None
    """Another day than the newest, among those that are kept."""


class SummaryQuery(_Document):
    """Which day to total; the newest unless another is named."""

    as_of: date | None = None


class PerformancePage(_Document):
    """One page of `measurement.performance`."""

    items: list[ProductMeasurementDatum]
    next_cursor: str | None
    as_of: date | None
    snapshot_id: str | None


class PerformanceSummary(_Document):
    """Totals over all products on the as-of day."""

    products: int
    active_products: int
    by_classification: dict[NominalClassification, int]
    units_last_7_days: int
    units_last_14_days: int
    units_last_30_days: int
    revenue_last_7_days_minor: int
    revenue_last_14_days_minor: int
    revenue_last_30_days_minor: int
    currency: str | None
    as_of: date | None
    snapshot_id: str | None


class ClassificationSettings(_Document):
    """The classification spec with the version its ETag is made of."""

    spec: ClassificationSpec
    version: int
    """0 for the defaults, while nobody has changed them."""
    updated_at: datetime | None
    updated_by: str | None


class ProductDimensionRow(_Document):
    """One line of the replicated product dimension: what PostgreSQL knows of a product."""

    product_id: str
    product_name: str
    is_active: bool
    published_day: date | None = None
    created_day: date | None = None
    """Stands in for `published_day` where staleness is counted, if there is none."""
    tags: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    designer: str | None = None
    override: MeasureOverride | None = None
    """Measures that staff set by hand; they replace the computed ones."""


RefreshStage = Literal["query", "compute", "classify", "write"]


class RefreshRequest(_Document):
    """What every stage of a refresh is asked: the same document each time."""

    run_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
    as_of: date
    """The day the trailing windows end on, in the shop's time zone."""
    timezone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """The shop's currency; events in another are not measured and are counted as skipped."""
    spec: ClassificationSpec
    spec_version: int
    dimension_key: str
    """Object key of the replicated product dimension: JSON lines of ProductDimensionRow."""
    dimension_hash: str
    full: bool = False


class RefreshReport(_Document):
    """What a stage did."""

    run_id: str
    stage: RefreshStage
    mode: Literal["noop", "incremental", "full"]
    reason: str
    """Why this mode, e.g. `source lineage lost` or `nothing changed`."""
    touched_days: int = 0
    events_read: int = 0
    sales_rows: int = 0
    products: int = 0
    skipped_events: int = 0
    """Measured facts of the days read that are in another currency than the shop's."""
    unknown_products: int = 0
    """Products with sales that the product dimension does not know; they have no row."""
    source_snapshot_id: str | None = None
    snapshot_id: str | None = None
