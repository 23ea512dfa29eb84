"""The telemetry tables follow the event classes, or say why they cannot."""

from __future__ import annotations

import pytest
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType, LongType, NestedField, StringType

from shared.adapters.lake.tables import NAMESPACES, SchemaDrift, ensure_table, ensure_tables
from tests.contract.suites.event_stream import event
from tests.fixtures.lake import Lake, LakeCatalog

NAME = ("commerce", "telemetry")


def _field(name: str, kind: IcebergType, *, required: bool = False) -> NestedField:
    return NestedField(900, name, kind, required=required)


def _with(schema: Schema, *fields: NestedField) -> Schema:
    names = {field.name for field in fields}
    return Schema(*(f for f in schema.fields if f.name not in names), *fields)


def test_tables_are_made_once(lake_catalog: LakeCatalog) -> None:
    ensure_tables(lake_catalog)
    made = {name: lake_catalog.load_table((name, "telemetry")).metadata for name in NAMESPACES[:3]}
    ensure_tables(lake_catalog)
    again = {name: lake_catalog.load_table((name, "telemetry")).metadata for name in NAMESPACES[:3]}
    assert made == again
    assert sorted(lake_catalog.list_namespaces()) == sorted((name,) for name in NAMESPACES)
    for metadata in made.values():
        assert [str(f) for f in metadata.spec().fields] == ["1000: __ingest_ts_day: day(1)"]


async def test_a_new_optional_column_is_added_and_old_rows_lack_it(lake: Lake) -> None:
    await lake.commerce.send([event(1)])
    await lake.lander.flush()
    before = lake.catalog.load_table(NAME)
    wanted = _with(before.schema(), _field("campaign", StringType()))
    table = ensure_table(lake.catalog, NAME, wanted)
    ids = {f.name: f.field_id for f in before.schema().fields}
    assert {f.name: f.field_id for f in table.schema().fields if f.name in ids} == ids
    assert table.schema().find_field("campaign").field_id == before.schema().highest_field_id + 1
    await lake.commerce.send([event(2)])
    await lake.lander.flush()
    rows = lake.catalog.load_table(NAME).scan().to_arrow()
    assert rows["campaign"].to_pylist() == [None, None]
    assert lake.catalog.load_table(NAME).schema() == table.schema()


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (_field("quantity", StringType(), required=True), "is long, the code writes string"),
        (_field("order_id", StringType()), "is required, the code writes nulls"),
        (_field("campaign", StringType(), required=True), "must be optional"),
    ],
    ids=["type", "nulls", "required"],
)
def test_a_change_that_rows_cannot_follow_is_refused(
    lake: Lake, field: NestedField, reason: str
) -> None:
    before = lake.catalog.load_table(NAME)
    with pytest.raises(SchemaDrift, match=f"commerce.telemetry.{field.name}.* {reason}"):
        ensure_table(lake.catalog, NAME, _with(before.schema(), field))
    assert lake.catalog.load_table(NAME).metadata == before.metadata


def test_a_column_that_the_code_forgot_stays(lake: Lake) -> None:
    table = lake.catalog.load_table(NAME)
    fewer = Schema(*(f for f in table.schema().fields if f.name != "click_id"))
    assert ensure_table(lake.catalog, NAME, fewer).schema() == table.schema()


def test_a_table_may_be_unpartitioned(lake: Lake) -> None:
    schema = Schema(NestedField(1, "n", LongType(), required=False))
    table = ensure_table(lake.catalog, ("measurement", "numbers"), schema)
    assert table.spec() == UNPARTITIONED_PARTITION_SPEC
