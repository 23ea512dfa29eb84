"""The streams' schema files say what the event classes say."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import AwareDatetime, BaseModel, create_model

from shared.adapters.lake.schemas import INGEST_TS, day_partition, iceberg_schema
from shared.telemetry import EVENTS, CommerceEvent, Int64, Stream
from shared.telemetry_schemas import (
    Column,
    columns,
    pipelines_schema,
    schema_files,
    write_schema_files,
)

PIPELINES = Path(__file__).parents[2] / "pipelines"


class Everything(BaseModel):
    text: str
    maybe: str | None = None
    count: int
    bounded: Int64 | None = None
    ratio: float | None
    flag: bool = False
    at: AwareDatetime
    naive: datetime | None = None
    tags: list[str]
    maybe_numbers: list[int] | None = None


def test_the_files_are_current() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in PIPELINES.iterdir()}
    assert found == schema_files(), "run `python -m local schemas`"


def test_writing_says_what_changed(tmp_path: Path) -> None:
    assert len(write_schema_files(tmp_path)) == 6
    (tmp_path / "sync_telemetry.sql").write_text("old", encoding="utf-8")
    assert [path.name for path in write_schema_files(tmp_path)] == ["sync_telemetry.sql"]


def test_each_type_has_its_column() -> None:
    assert columns(Everything) == (
        Column("text", "string", required=True),
        Column("maybe", "string", required=False),
        Column("count", "int64", required=True),
        Column("bounded", "int64", required=False),
        Column("ratio", "float64", required=False),
        Column("flag", "bool", required=True),
        Column("at", "timestamp", required=True),
        Column("naive", "timestamp", required=False),
        Column("tags", "list", required=True, items="string"),
        Column("maybe_numbers", "list", required=False, items="int64"),
    )


@pytest.mark.parametrize("kind", [Decimal, bytes, int | str, dict[str, str], list[list[str]]])
def test_a_type_that_streams_cannot_carry_is_refused(kind: object) -> None:
    model = create_model("Model", field=(kind, ...))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"field|union"):
        columns(model)


def test_a_pipelines_field_is_complete() -> None:
    fields = {field["name"]: field for field in pipelines_schema(Everything)["fields"]}
    assert fields["at"] == {
        "name": "at",
        "type": "timestamp",
        "required": True,
        "unit": "microsecond",
    }
    assert fields["tags"]["items"] == {"type": "string"}
    json.dumps(fields)


@pytest.mark.parametrize("stream", EVENTS)
def test_tables_have_the_columns_of_the_stream(stream: Stream) -> None:
    schema = iceberg_schema(EVENTS[stream])
    names = [column.name for column in columns(EVENTS[stream])]
    assert [field.name for field in schema.fields] == [INGEST_TS, *names]
    required = {field.name for field in schema.fields if field.required}
    assert required == {INGEST_TS} | {c.name for c in columns(EVENTS[stream]) if c.required}
    assert [str(field) for field in day_partition(schema).fields] == [
        "1000: __ingest_ts_day: day(1)"
    ]


def test_money_and_time_have_exact_types() -> None:
    schema = iceberg_schema(CommerceEvent)
    assert str(schema.find_type("amount_minor")) == "long"
    assert str(schema.find_type("occurred_at")) == "timestamptz"
    assert str(schema.find_type("discount_codes")) == "list<string>"
