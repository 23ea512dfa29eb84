"""Combo reports as rows of a CSV: what an export writes, an import reads back unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.combos.models import ComboReport
from shared.csv_text import Cell, read_list
from shared.ports import Json

EXPORT_COLUMNS: Final = (
    "title", "tags", "status", "designer", "notes", "product_ids", "template_id",
)  # fmt: skip
REQUIRED: Final = ("title", "tags")
_LISTS: Final = frozenset({"tags", "product_ids"})
_OPTIONAL: Final = frozenset({"designer", "template_id"})


def combo_cells(report: ComboReport) -> list[Cell]:
    """Return a report's cells in the order of `EXPORT_COLUMNS`."""
    return [getattr(report, name) for name in EXPORT_COLUMNS]


def field_of(column: str, cell: str) -> Json:
    """Return the value that a cell stands for.

    Raises:
        CsvBroken: A list has a quote that is not closed.
    """
    if column in _LISTS:
        return list(read_list(cell))
    if column in _OPTIONAL and not cell.strip():
        return None
    if column == "status":
        return cell.strip().lower().replace(" ", "_") or "planned"
    return cell


def column_of(location: tuple[int | str, ...]) -> str:
    """Return the column that a validation error belongs to."""
    return str(location[0]) if location else EXPORT_COLUMNS[0]


def known_columns(header: Mapping[int, str]) -> list[str]:
    """Return the columns of a header that no report has."""
    return [name for name in header.values() if name not in EXPORT_COLUMNS]
