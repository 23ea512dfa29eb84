"""Reads combo reports from a CSV, and says of each wrong cell in which line and column it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from pydantic import ValidationError

from shared.combos.csv_columns import EXPORT_COLUMNS, REQUIRED, column_of, field_of
from shared.combos.models import ComboReport
from shared.csv_text import CsvBroken, CsvRow, read_rows
from shared.ports import Json, JsonObject

ROWS_MAX: Final = 10_000
"""So many rows are written in one transaction, well within its limits."""
BYTES_MAX: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with a file; `column` is None where it concerns the whole line."""

    line: int
    column: str | None
    detail: str

    def document(self) -> JsonObject:
        """Return the problem as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class GoodRow:
    """One row that is a report. `given` names the columns that the file has."""

    line: int
    report: ComboReport
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file holds."""

    rows: int
    good: tuple[GoodRow, ...]
    problems: tuple[RowProblem, ...]


def read_reports(body: bytes) -> ReadFile:
    """Return the reports and the problems of a file, in the order of its lines."""
    if len(body) > BYTES_MAX:
        return _refused(1, f"the file has more than {BYTES_MAX // 2**20} MiB")
    rows, broken = _rows(body)
    if not rows:
        return ReadFile(0, (), broken) if broken else _refused(1, "the file is empty")
    header, problems = _header(rows[0])
    if problems:
        return ReadFile(len(rows) - 1, (), tuple(problems))
    reader = _Reader(header)
    for row in rows[1:]:
        reader.read(row)
    return ReadFile(len(rows) - 1, tuple(reader.good), (*reader.problems, *broken))


def _rows(body: bytes) -> tuple[list[CsvRow], tuple[RowProblem, ...]]:
    """Return the rows up to where the file is broken or too long, and what is wrong there."""
    rows: list[CsvRow] = []
    try:
        for row in read_rows(body):
            rows.append(row)
            if len(rows) > ROWS_MAX + 1:
                return [], (RowProblem(row.line, None, f"the file has more than {ROWS_MAX} rows"),)
    except CsvBroken as error:
        return rows, (RowProblem(error.line, None, error.detail),)
    return rows, ()


def _refused(line: int, detail: str) -> ReadFile:
    return ReadFile(0, (), (RowProblem(line, None, detail),))


def _header(row: CsvRow) -> tuple[list[str], list[RowProblem]]:
    names = [cell.strip().lower().replace(" ", "_") for cell in row.cells]
    problems = [
        RowProblem(row.line, cell.strip() or f"column {at}", "is no column of combo reports")
        for at, (name, cell) in enumerate(zip(names, row.cells, strict=True), 1)
        if name not in EXPORT_COLUMNS
    ]
    problems += [
        RowProblem(row.line, name, "stands twice in the header")
        for name in EXPORT_COLUMNS
        if names.count(name) > 1
    ]
    problems += [
        RowProblem(row.line, name, "is missing in the header")
        for name in REQUIRED
        if name not in names
    ]
    return names, problems


class _Reader:
    """Reads rows under one header, and remembers which combinations it has seen."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._lines: dict[str, int] = {}
        self.good: list[GoodRow] = []
        self.problems: list[RowProblem] = []

    def read(self, row: CsvRow) -> None:
        """Take one row."""
        if len(row.cells) != len(self._header):
            detail = f"has {len(row.cells)} cells; the header has {len(self._header)}"
            self.problems.append(RowProblem(row.line, None, detail))
            return
        fields, problems = self._fields(row)
        if problems:
            self.problems += problems
            return
        try:
            report = ComboReport.model_validate(fields)
        except ValidationError as error:
            self.problems += _problems(row.line, error)
            return
        self._keep(row.line, report)

    def _keep(self, line: int, report: ComboReport) -> None:
        first = self._lines.setdefault(report.key, line)
        if first != line:
            detail = f"the combination stands in line {first} already"
            self.problems.append(RowProblem(line, "tags", detail))
            return
        self.good.append(GoodRow(line, report, frozenset(self._header)))

    def _fields(self, row: CsvRow) -> tuple[dict[str, Json], list[RowProblem]]:
        fields: dict[str, Json] = {}
        problems = []
        for name, cell in zip(self._header, row.cells, strict=True):
            try:
                fields[name] = field_of(name, cell)
            except CsvBroken as error:
                problems.append(RowProblem(row.line, name, f"is no list: {error.detail}"))
        return fields, problems


def _problems(line: int, error: ValidationError) -> list[RowProblem]:
    return [
        RowProblem(line, column_of(item["loc"]), item["msg"])
        for item in error.errors(include_input=False, include_url=False)
    ]
