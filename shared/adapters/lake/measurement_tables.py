"""The tables that a refresh writes: their columns, partitions and what their commits say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Identifier
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from shared.adapters.lake.tables import ensure_table, telemetry_table

EVENTS: Final[Identifier] = telemetry_table("commerce")
SALES: Final[Identifier] = ("measurement", "sales")
PERFORMANCE: Final[Identifier] = ("measurement", "performance")
STATE: Final[Identifier] = ("measurement", "product_state")
SPEC: Final[Identifier] = ("configuration", "objective_spec")

RUN_ID: Final = "measurement.run-id"
SOURCE_SNAPSHOT: Final = "measurement.source-snapshot-id"
SALES_RUN: Final = "measurement.sales-run-id"
AS_OF: Final = "measurement.as-of"
NEWEST_AS_OF: Final = "measurement.newest-as-of"
TIMEZONE: Final = "measurement.timezone"
CURRENCY: Final = "measurement.currency"
SPEC_TEXT: Final = "measurement.spec"
DIMENSION_HASH: Final = "measurement.dimension-hash"
STATE_UNTIL: Final = "measurement.state-until"
INGEST_LEAD: Final = "measurement.ingest-lead-seconds"
REPORT: Final = "measurement.report"

_TEXT, _LONG, _DAY = StringType(), LongType(), DateType()
_SALES_COLUMNS: Final[dict[str, PrimitiveType]] = {
    "day": _DAY,
    "product_id": _TEXT,
    "currency": _TEXT,
    "gross_units": _LONG,
    "refunded_units": _LONG,
    "gross_minor": _LONG,
    "refunded_minor": _LONG,
}
_STATE_COLUMNS: Final[dict[str, PrimitiveType]] = {
    "product_id": _TEXT,
    "first_sale_day": _DAY,
    "last_sale_day": _DAY,
    "gross_units": _LONG,
    "refunded_units": _LONG,
    "gross_minor": _LONG,
    "refunded_minor": _LONG,
    "first_7_units": _LONG,
    "first_7_minor": _LONG,
    "first_14_units": _LONG,
    "first_14_minor": _LONG,
}
_PERFORMANCE_COLUMNS: Final[dict[str, PrimitiveType | ListType]] = {
    "day": _DAY,
    "product_id": _TEXT,
    "product_name": _TEXT,
    "is_active": BooleanType(),
    "aggregate_measurement_value": DoubleType(),
    "rank": LongType(),
    "nominal_classification": _TEXT,
    "sales_last_7_days": _LONG,
    "sales_last_14_days": _LONG,
    "sales_last_30_days": _LONG,
    "sales_first_7_days": _LONG,
    "sales_first_14_days": _LONG,
    "revenue_last_7_days_minor": _LONG,
    "revenue_last_14_days_minor": _LONG,
    "revenue_last_30_days_minor": _LONG,
    "revenue_first_7_days_minor": _LONG,
    "revenue_first_14_days_minor": _LONG,
    "total_units": _LONG,
    "total_revenue_minor": _LONG,
    "total_refunded_units": _LONG,
    "total_refunded_minor": _LONG,
    "currency": _TEXT,
    "first_sale_day": _DAY,
    "last_sale_day": _DAY,
    "published_day": _DAY,
    "tags": ListType(101, StringType(), element_required=False),
    "categories": ListType(102, StringType(), element_required=False),
    "designer": _TEXT,
    "is_manual": BooleanType(),
}
_SPEC_COLUMNS: Final[dict[str, PrimitiveType]] = {
    "spec_version": IntegerType(),
    "basis": _TEXT,
    "threshold_7d": _LONG,
    "threshold_14d": _LONG,
    "threshold_30d": _LONG,
    "banana_count": _LONG,
    "stale_days": _LONG,
    "w7": DoubleType(),
    "w14": DoubleType(),
    "w30": DoubleType(),
    "replicated_at": TimestamptzType(),
}
_OPTIONAL: Final = frozenset(
    {"first_sale_day", "last_sale_day", "published_day", "designer", "rank", "tags", "categories"}
)


def _schema(columns: dict[str, PrimitiveType | ListType]) -> Schema:
    return Schema(
        *(
            NestedField(number, name, kind, required=name not in _OPTIONAL)
            for number, (name, kind) in enumerate(columns.items(), start=1)
        )
    )


def _by_day(schema: Schema) -> PartitionSpec:
    source = schema.find_field("day").field_id
    return PartitionSpec(PartitionField(source, 1000, IdentityTransform(), "day"))


SALES_SCHEMA: Final = _schema({**_SALES_COLUMNS})
STATE_SCHEMA: Final = _schema({**_STATE_COLUMNS})
PERFORMANCE_SCHEMA: Final = _schema(_PERFORMANCE_COLUMNS)
SPEC_SCHEMA: Final = _schema({**_SPEC_COLUMNS})


@dataclass(frozen=True, slots=True)
class MeasurementTables:
    """The tables that a refresh reads, as they were at one moment."""

    sales: Table
    state: Table
    performance: Table


def ensure_measurement_tables(catalog: Catalog) -> None:
    """Create the tables that are not there, and add the columns that they lack."""
    for namespace in (SALES[0], SPEC[0]):
        catalog.create_namespace_if_not_exists(namespace)
    ensure_table(catalog, SALES, SALES_SCHEMA, _by_day(SALES_SCHEMA))
    ensure_table(catalog, STATE, STATE_SCHEMA, UNPARTITIONED_PARTITION_SPEC)
    ensure_table(catalog, PERFORMANCE, PERFORMANCE_SCHEMA, _by_day(PERFORMANCE_SCHEMA))
    ensure_table(catalog, SPEC, SPEC_SCHEMA, UNPARTITIONED_PARTITION_SPEC)


def load_measurement_tables(catalog: Catalog) -> MeasurementTables:
    """Load the tables that a refresh reads."""
    return MeasurementTables(
        sales=catalog.load_table(SALES),
        state=catalog.load_table(STATE),
        performance=catalog.load_table(PERFORMANCE),
    )


def commit_properties(table: Table) -> dict[str, str]:
    """Return what the last commit that a refresh made says; empty before the first.

    Snapshots of maintenance, which says nothing of a refresh, are passed over.
    """
    snapshot = table.current_snapshot()
    while snapshot is not None:
        properties = snapshot.summary.additional_properties if snapshot.summary else {}
        if RUN_ID in properties:
            return dict(properties)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    return {}
