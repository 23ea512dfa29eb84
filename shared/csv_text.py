"""CSV as staff opens it in a spreadsheet: quoted, safe from formulas, and read back unchanged."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from shared.clock import format_instant

CONTENT_TYPE: Final = "text/csv; charset=utf-8"
_GUARD: Final = "'"
_STARTS: Final = (
    (r"\A", r"'*[=+\-@\t\r\n]"),
    (r"(?<=;)", r"['\"]*[=+\-@\t\r]"),
    (r"(?<=[\t\r\n])", r"['\"]*[=+\-@]"),
)
"""Where a spreadsheet may see a cell start, and how a formula does: at the front of a text, and
inside of it for who reads the file as separated by semicolons or tabs. What quotes stand before the
formula do not hide it there, for they are not the first of their cell in the file."""
_UNGUARDED: Final = re.compile("|".join(f"{where}(?={what})" for where, what in _STARTS))
_GUARDED: Final = re.compile("|".join(f"{where}{_GUARD}(?={what})" for where, what in _STARTS))
_SUSPECT: Final = re.compile(r"\A['=+\-@]|[;\t\r\n]")
"""What nearly no cell has, and each has that one of the two patterns matches: quick to look for."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_LIST: Final = ";"
_END: Final = "\r\n"
"""A cell is quoted for the characters of it, so lists end with it too while they are written."""

Cell = str | int | float | bool | Decimal | date | Sequence[str] | None


class CsvBroken(ValueError):
    """The text is no CSV; `line` is where it stops being one."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The cells of one row, and the line of the file that it begins on (from 1)."""

    line: int
    cells: list[str]


def csv_lines(rows: Iterable[Iterable[Cell]]) -> str:
    """Return rows of CSV, each with its line end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=_END).writerows([_text(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def csv_head(columns: Iterable[Cell]) -> str:
    """Return how a file for a spreadsheet begins: the mark that says UTF-8, and its header."""
    return _BYTE_ORDER_MARK + csv_lines([columns])


def guarded(text: str) -> str:
    """Return the text so that no spreadsheet takes it, or a piece of it, for a formula.

    A guard in front of a formula is guarded too, so that `unguarded` gives every text back.
    """
    return _UNGUARDED.sub(_GUARD, text) if _SUSPECT.search(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return _GUARDED.sub("", text) if _SUSPECT.search(text) else text


def list_cell(items: Iterable[str]) -> str:
    """Return several texts as one cell: `a; b`, those with a semicolon or a quote in quotes."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=_LIST, lineterminator=_END).writerow(list(items))
    return buffer.getvalue().removesuffix(_END)


def read_list(cell: str) -> list[str]:
    """Return the texts of a list cell, trimmed, without empty ones.

    Raises:
        CsvBroken: A quote is not closed.
    """
    lines = io.StringIO(cell, newline="")
    try:
        rows = list(csv.reader(lines, delimiter=_LIST, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise CsvBroken(1, str(error)) from error
    return [text for row in rows for item in row if (text := item.strip())]


def read_rows(body: bytes) -> Iterator[CsvRow]:
    """Yield the rows of a file: UTF-8, with or without a byte order mark; blank lines are left out.

    Raises:
        CsvBroken: The bytes are no UTF-8, or the quotes are wrong.
    """
    lines = io.StringIO(_decoded(body), newline="")
    reader = csv.reader(lines, strict=True)
    try:
        start = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield CsvRow(start, [unguarded(cell) for cell in cells])
            start = reader.line_num + 1
    except csv.Error as error:
        raise CsvBroken(reader.line_num or 1, str(error)) from error


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise CsvBroken(line, "is not UTF-8") from error


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return guarded(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float | Decimal):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    return _composed(cell)


def _composed(cell: date | Sequence[str]) -> str:
    if isinstance(cell, datetime):
        return format_instant(cell)
    return cell.isoformat() if isinstance(cell, date) else guarded(list_cell(cell))
