"""Exports: what may be asked for, and what is known of each file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from shared.artifacts.models import Artifact
from shared.clock import IsoDate, parse_instant
from shared.errors import FieldProblem, InvalidInput
from shared.performance.models import NominalClassification
from shared.ports import JsonObject

ExportKind = Literal["orders", "performance", "combos", "products"]
ExportStatus = Literal["requested", "running", "ready", "failed"]
REQUESTED: Final = "requested"
RUNNING: Final = "running"
READY: Final = "ready"
FAILED: Final = "failed"
_Text = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
_Texts = Annotated[list[_Text], Field(max_length=50)]
_Days = tuple[date | None, date | None]


class _Filters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderFilters(_Filters):
    """Which orders: days of the shop's time zone, both inclusive; None does not filter."""

    created_from: IsoDate | None = None
    created_to: IsoDate | None = None
    financial_status: _Texts | None = None
    fulfillment_status: _Texts | None = None
    include_test: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> OrderFilters:
        if self.created_from and self.created_to and self.created_from > self.created_to:
            raise ValueError("created_from is after created_to")
        return self


class ProductFilters(_Filters):
    """Which products."""

    status: _Texts | None = None
    vendor: _Text | None = None
    tag: _Text | None = None
    include_deleted: bool = False


class ComboFilters(_Filters):
    """Which combo reports."""

    status: _Texts | None = None
    tag: _Text | None = None


class PerformanceFilters(_Filters):
    """Which measured products, as the list of measures has them."""

    classification: list[NominalClassification] | None = None
    tag: _Texts | None = None
    category: _Text | None = None
    designer: _Text | None = None
    is_active: bool | None = None
    text: Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00]*$")] = None


Filters = OrderFilters | ProductFilters | ComboFilters | PerformanceFilters
_FILTERS: Final[dict[str, TypeAdapter[Filters]]] = {
    "orders": TypeAdapter(OrderFilters),
    "products": TypeAdapter(ProductFilters),
    "combos": TypeAdapter(ComboFilters),
    "performance": TypeAdapter(PerformanceFilters),
}


def parse_filters(kind: ExportKind, document: JsonObject) -> Filters:
    """Return the filters of a kind of export.

    Raises:
        InvalidInput: The kind has no such filter, or a value does not fit.
    """
    try:
        return _FILTERS[kind].validate_python(document)
    except ValidationError as error:
        raise InvalidInput(
            f"no valid filters of {kind}",
            problems=[
                FieldProblem("/".join(["", "filters", *map(str, item["loc"])]), item["msg"])
                for item in error.errors(include_input=False, include_url=False)
            ],
        ) from error


@dataclass(frozen=True, slots=True)
class Export:
    """One export: what was asked, and how far it is."""

    id: str
    kind: str
    status: str
    filters: JsonObject
    run_id: str | None
    key: str | None
    """Where the file is in the private bucket, once it is ready."""
    filename: str
    rows: int | None
    size: int | None
    error: str | None
    version: int
    created_at: datetime
    created_by: str
    finished_at: datetime | None

    @classmethod
    def of(cls, artifact: Artifact) -> Export:
        """Read an export from its artifact."""
        payload = artifact.payload
        finished = payload.get("finished_at")
        return cls(
            id=artifact.id,
            kind=payload["kind"],
            status=artifact.status,
            filters=payload["filters"],
            run_id=payload.get("run_id"),
            key=payload.get("key"),
            filename=f"{payload['kind']}-{artifact.created_at:%Y%m%d-%H%M%S}.csv",
            rows=payload.get("rows"),
            size=payload.get("size"),
            error=payload.get("error"),
            version=artifact.version,
            created_at=artifact.created_at,
            created_by=artifact.created_by,
            finished_at=parse_instant(finished) if finished else None,
        )


def export_key(export_id: str) -> str:
    """Return where an export's file is."""
    return f"exports/csv/{export_id}.csv"


def part_prefix(export_id: str) -> str:
    """Return where the parts of a file are until it is put together."""
    return f"exports/parts/{export_id}/"


def part_key(export_id: str, number: int) -> str:
    """Return where one part is; numbers count from 1."""
    return f"{part_prefix(export_id)}{number:05}.csv"
