"""Turns the event classes into the schema files and sink SQL that Pipelines is created with.

The files in `pipelines/` are written by `python -m local schemas` and compared with the classes by
a test, so that the deployed streams and the code cannot drift apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from shared.ports import JsonObject
from shared.telemetry import EVENTS, Stream

ColumnType = Literal["string", "int64", "float64", "bool", "timestamp", "list"]

_SCALARS: Final[Mapping[Any, ColumnType]] = {
    str: "string",
    int: "int64",
    float: "float64",
    bool: "bool",
    datetime: "timestamp",
    AwareDatetime: "timestamp",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stream; `items` is the element type of a list."""

    name: str
    type: ColumnType
    required: bool
    items: ColumnType | None = None


def columns(model: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of an event class, in the order of its fields.

    Raises:
        TypeError: A field has a type that the streams cannot carry.
    """
    return tuple(_column(name, field.annotation) for name, field in model.model_fields.items())


def pipelines_schema(model: type[BaseModel]) -> JsonObject:
    """Return the schema document that `wrangler ... streams create --schema-file` takes."""
    return {"fields": [_field(column) for column in columns(model)]}


def sink_sql(stream: Stream) -> str:
    """Return the pipeline's SQL: every column of the stream, rows without an id left out."""
    names = ",\n  ".join(column.name for column in columns(EVENTS[stream]))
    return (
        f"INSERT INTO {stream}_telemetry_sink\nSELECT\n  {names}\n"
        f"FROM {stream}_telemetry\nWHERE event_id IS NOT NULL;\n"
    )


def schema_files() -> dict[str, str]:
    """Return name and text of every generated file."""
    files: dict[str, str] = {}
    for stream, model in EVENTS.items():
        document = json.dumps(pipelines_schema(model), indent=2)
        files[f"{stream}_telemetry.json"] = document + "\n"
        files[f"{stream}_telemetry.sql"] = sink_sql(stream)
    return files


def write_schema_files(directory: Path) -> list[Path]:
    """Write the generated files and return those whose text changed."""
    directory.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in schema_files().items():
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _column(name: str, annotation: Any) -> Column:
    kind, nullable = _without_none(annotation)
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        return Column(name, "list", not nullable, _scalar(name, _without_none(element)[0]))
    return Column(name, _scalar(name, kind), not nullable)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Return the type without `Annotated` and `None`, and whether None was allowed."""
    if get_origin(annotation) is Annotated and annotation is not AwareDatetime:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) not in {Union, UnionType}:
        return annotation, False
    members = [member for member in get_args(annotation) if member is not NoneType]
    if len(members) != 1:
        raise TypeError(f"{annotation} is a union that no column can hold")
    return _without_none(members[0])[0], len(members) < len(get_args(annotation))


def _scalar(name: str, kind: Any) -> ColumnType:
    if get_origin(kind) is Literal and all(isinstance(value, str) for value in get_args(kind)):
        return "string"
    if kind not in _SCALARS:
        raise TypeError(f"{name}: {kind} is not a type that the streams carry")
    return _SCALARS[kind]


def _field(column: Column) -> JsonObject:
    field: JsonObject = {"name": column.name, "type": column.type, "required": column.required}
    if column.type == "timestamp":
        field["unit"] = "microsecond"
    if column.items is not None:
        field["items"] = {"type": column.items}
    return field
