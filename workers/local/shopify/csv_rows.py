"""Reads the rows of an orders export and names every bad one by line and column."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from shared.errors import DomainError
from shared.money import exponent

MOST_PROBLEMS = 20
REQUIRED = ("Name", "Created at", "Lineitem name", "Lineitem price", "Lineitem quantity")
_FIRST_ID = 5_900_000_000_000
_FORMATS = ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z")


class CsvProblem(NamedTuple):
    """One thing wrong with the file."""

    line: int
    column: str
    detail: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column!r}: {self.detail}"


class OrdersCsvInvalid(DomainError):
    """The orders file cannot be read."""

    status = 422

    def __init__(self, path: Path, found: list[CsvProblem]) -> None:
        self.found = tuple(found)
        more = "" if len(found) < MOST_PROBLEMS else "\n  (only the first problems are shown)"
        super().__init__(f"{path.name}:" + "".join(f"\n  {problem}" for problem in found) + more)


class CsvLine(NamedTuple):
    """One line of an order; money in minor units, the discount for the whole line."""

    name: str
    sku: str | None
    price: int
    quantity: int
    discount: int


@dataclass(slots=True)
class CsvOrder:
    """One order of the file; times are epoch seconds."""

    id: int
    name: str
    currency: str
    created_at: int
    paid_at: int | None
    fulfilled_at: int | None
    cancelled_at: int | None
    refunded: int
    tags: tuple[str, ...]
    lines: list[CsvLine] = field(default_factory=list)

    @property
    def last_instant(self) -> int:
        """When a refund is taken to have happened."""
        return self.cancelled_at or self.updated_at

    @property
    def updated_at(self) -> int:
        """When the order last changed."""
        known = (self.created_at, self.paid_at, self.fulfilled_at, self.cancelled_at)
        return max(at for at in known if at is not None)


class _BadCell(Exception):
    def __init__(self, column: str, detail: str) -> None:
        self.column, self.detail = column, detail
        super().__init__(detail)


class _Row:
    """One row with its place in the file."""

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self.line, self._cells = line, cells

    def text(self, column: str) -> str:
        """Return a cell, empty where the column is missing."""
        return (self._cells.get(column) or "").strip()

    def required(self, column: str) -> str:
        """Return a cell that must not be empty."""
        if not (text := self.text(column)):
            raise _BadCell(column, "is empty")
        return text

    def instant(self, column: str) -> int | None:
        """Return a time such as `2026-11-01 10:00:00 -0500`, or None for an empty cell."""
        if not (text := self.text(column)):
            return None
        for style in _FORMATS:
            try:
                return int(datetime.strptime(text, style).timestamp())  # noqa: DTZ007 - has %z
            except ValueError:
                continue
        raise _BadCell(column, f"{text!r} is not a time such as 2026-11-01 10:00:00 -0500")

    def money(self, column: str, currency: str) -> int:
        """Return an amount in minor units, 0 for an empty cell."""
        text = self.text(column) or "0"
        try:
            minor = Decimal(text).scaleb(exponent(currency))
        except InvalidOperation:
            raise _BadCell(column, f"{text!r} is not an amount") from None
        if not minor.is_finite() or minor < 0:
            raise _BadCell(column, f"{text!r} is not an amount of at least 0")
        if minor != minor.to_integral_value():
            raise _BadCell(column, f"{text!r} has more decimals than {currency} has")
        return int(minor)

    def count(self, column: str) -> int:
        """Return a whole number of at least 1."""
        text = self.required(column)
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise _BadCell(column, f"{text!r} is not a whole number of at least 1")
        return int(text)


def read_rows(path: Path) -> list[CsvOrder]:
    """Return the orders of a file, in its order.

    Raises:
        OrdersCsvInvalid: With up to `MOST_PROBLEMS` problems.
    """
    reader = _Reader()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in _rows(file, reader.problems):
                reader.take(row)
                if len(reader.problems) >= MOST_PROBLEMS:
                    break
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reader.problems.append(CsvProblem(1, "", f"the file cannot be read: {error}"))
    if not reader.orders and not reader.problems:
        reader.problems.append(CsvProblem(2, "Name", "there is no order in the file"))
    if reader.problems:
        raise OrdersCsvInvalid(path, reader.problems)
    return list(reader.orders.values())


def _rows(file: Iterator[str], problems: list[CsvProblem]) -> Iterator[_Row]:
    rows = csv.reader(file, strict=True)
    header = [name.strip() for name in next(rows, [])]
    if missing := [name for name in REQUIRED if name not in header]:
        problems.extend(CsvProblem(1, name, "this column is missing") for name in missing)
        return
    line = rows.line_num + 1
    for cells in rows:
        if any(cells):
            yield _Row(line, dict(zip(header, cells, strict=False)))
        line = rows.line_num + 1


class _Reader:
    """Collects orders and problems, row by row."""

    def __init__(self) -> None:
        self.orders: dict[str, CsvOrder] = {}
        self.problems: list[CsvProblem] = []
        self._ids: set[int] = set()
        self._refused: set[str] = set()
        self._currency: str | None = None

    def take(self, row: _Row) -> None:
        """Add a row to its order."""
        name = row.text("Name")
        try:
            name = row.required("Name")
            if name not in self.orders and name not in self._refused:
                self.orders[name] = self._order(row, name)
            currency = self._currency or "USD"
            line = _line(row, currency)
            if name in self.orders:
                self.orders[name].lines.append(line)
        except _BadCell as bad:
            self.problems.append(CsvProblem(row.line, bad.column, bad.detail))
            if name not in self.orders:
                self._refused.add(name)

    def _order(self, row: _Row, name: str) -> CsvOrder:
        created_at = row.instant("Created at")
        if created_at is None:
            raise _BadCell("Created at", "is empty")
        currency = self._one_currency(row)
        order = CsvOrder(
            id=self._id(row),
            name=name,
            currency=currency,
            created_at=created_at,
            paid_at=row.instant("Paid at"),
            fulfilled_at=row.instant("Fulfilled at"),
            cancelled_at=row.instant("Cancelled at"),
            refunded=row.money("Refunded Amount", currency),
            tags=tuple(tag for text in row.text("Tags").split(",") if (tag := text.strip())),
        )
        self._ids.add(order.id)
        return order

    def _one_currency(self, row: _Row) -> str:
        currency = row.text("Currency") or self._currency or "USD"
        if len(currency) != 3 or not currency.isascii() or not currency.isupper():
            raise _BadCell("Currency", f"{currency!r} is not a currency code such as USD")
        if self._currency not in {None, currency}:
            raise _BadCell("Currency", f"{currency!r}, but the orders before are {self._currency}")
        self._currency = currency
        return currency

    def _id(self, row: _Row) -> int:
        text = row.text("Id")
        number = int(text) if text.isascii() and text.isdigit() else 0
        if text and not 0 < number < 2**63:
            raise _BadCell("Id", f"{text!r} is not an order id")
        number = number or _FIRST_ID + len(self.orders) * 1024
        if number in self._ids:
            raise _BadCell("Id", f"{number} belongs to an order above")
        return number


def _line(row: _Row, currency: str) -> CsvLine:
    name = row.required("Lineitem name")
    row.required("Lineitem price")
    price = row.money("Lineitem price", currency)
    quantity = row.count("Lineitem quantity")
    discount = row.money("Lineitem discount", currency)
    if discount > price * quantity:
        raise _BadCell("Lineitem discount", "is more than price x quantity")
    return CsvLine(name, row.text("Lineitem sku") or None, price, quantity, discount)
