"""Iceberg schemas and partitions of the telemetry tables, made from the event classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from shared.telemetry_schemas import Column, ColumnType, columns

INGEST_TS: Final = "__ingest_ts"
"""When the stream accepted the event: the column by whose day the tables are partitioned."""

_PRIMITIVES: Final[Mapping[ColumnType, PrimitiveType]] = {
    "string": StringType(),
    "int64": LongType(),
    "float64": DoubleType(),
    "bool": BooleanType(),
    "timestamp": TimestamptzType(),
}


def iceberg_schema(model: type[BaseModel]) -> Schema:
    """Return the table schema of an event class, with `__ingest_ts` as its first column.

    Field ids count up in the order of the columns, elements of lists after them; a table keeps
    the ids it was created with, and a new column gets its next one.
    """
    described = columns(model)
    fields = [NestedField(1, INGEST_TS, TimestamptzType(), required=True)]
    next_id = 2 + len(described)
    for field_id, column in enumerate(described, start=2):
        fields.append(
            NestedField(field_id, column.name, _type(column, next_id), required=column.required)
        )
        next_id += column.items is not None
    return Schema(*fields)


def day_partition(schema: Schema, column: str = INGEST_TS) -> PartitionSpec:
    """Return the partition by the day of a timestamp column: what Pipelines gives every table."""
    source = schema.find_field(column).field_id
    return PartitionSpec(PartitionField(source, 1000, DayTransform(), f"{column}_day"))


def _type(column: Column, element_id: int) -> IcebergType:
    if column.items is None:
        return _PRIMITIVES[column.type]
    return ListType(element_id, _PRIMITIVES[column.items], element_required=False)
