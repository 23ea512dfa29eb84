"""CSV text: what a spreadsheet is shown, and that every text comes back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.csv_text import (
    CsvBroken,
    csv_head,
    csv_lines,
    guarded,
    list_cell,
    read_list,
    read_rows,
    unguarded,
)

TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"))

FORMULAS = st.text(alphabet="a ='\"+-@;,\t\r\n", max_size=8)


def rows_of(text: str) -> list[list[str]]:
    return [row.cells for row in read_rows(text.encode())]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_starts_a_formula(start: str) -> None:
    shown = csv_lines([[f"{start}cmd|' /C calc'!A0", f"'{start}1"]])
    cells = next(csv.reader(io.StringIO(shown, newline="")))
    assert all(cell.startswith("'") for cell in cells)
    assert rows_of(shown) == [[f"{start}cmd|' /C calc'!A0", f"'{start}1"]]


@settings(deadline=None, max_examples=400)
@given(st.one_of(TEXTS, FORMULAS))
def test_guarding_is_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (";=cmd|'/C calc'!A0;", ";'=cmd|'/C calc'!A0;"),
        ("a;'=1", "a;''=1"),
        ('a;"=1', "a;'\"=1"),
        (";\t=1", ";'\t'=1"),
        ("one\r\n- two", "one\r\n'- two"),
        ("a\t@b", "a\t'@b"),
        ("by 5; -3 of them\r\nleft", "by 5; -3 of them\r\nleft"),
        ("a-b=c+d", "a-b=c+d"),
    ],
)
def test_no_piece_of_a_text_is_a_formula(text: str, shown: str) -> None:
    assert guarded(text) == shown
    assert rows_of(csv_lines([[text, "x"]])) == [[text, "x"]]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.one_of(FORMULAS, st.lists(FORMULAS, max_size=3)), min_size=1, max_size=3))
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_spreadsheet_sees_a_formula_however_it_splits(
    delimiter: str, cells: list[str | list[str]]
) -> None:
    file = io.StringIO(csv_lines([["x", *cells]]), newline="")
    shown = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
    assert not [cell for cell in shown if cell.startswith(("=", "+", "-", "@"))]


def test_the_head_of_a_file_says_that_it_is_utf_8() -> None:
    head = csv_head(["title", "=Größe"])
    assert head.encode().startswith(b"\xef\xbb\xbftitle,")
    assert rows_of(head) == [["title", "=Größe"]]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=4))
def test_every_row_comes_back(rows: list[list[str]]) -> None:
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    assert rows_of(csv_lines(rows)) == kept


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(TEXTS, FORMULAS).map(str.strip).filter(bool), max_size=5))
def test_every_list_comes_back(items: list[str]) -> None:
    assert read_list(list_cell(items)) == items
    [[_, cell]] = rows_of(csv_lines([["x", items]]))
    assert read_list(cell) == items


def test_lists_are_written_as_people_do() -> None:
    assert read_list(' Blue ; "a;b";; Summer "sale"') == ["Blue", "a;b", 'Summer "sale"']
    assert read_list("") == []
    with pytest.raises(CsvBroken):
        read_list('"open; b')


def test_values_are_written_plainly() -> None:
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    shown = csv_lines([[None, True, -5, -1.5, Decimal("-0.10"), at, date(2026, 1, 2), ["-a", "b"]]])
    assert shown == ",true,-5,-1.5,-0.10,2026-01-02T03:00:00Z,2026-01-02,'-a;b\r\n"


def test_lines_are_those_of_the_file() -> None:
    text = '\ufeffa,b\r\n"one\r\ntwo",x\r\n\r\n , \r\ny,z'
    assert [(row.line, row.cells) for row in read_rows(text.encode())] == [
        (1, ["a", "b"]), (2, ["one\r\ntwo", "x"]), (6, ["y", "z"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "line"), [(b'a,b\r\n"x"y,z', 2), (b"a\nb\n\xff", 3), (b'a\n"open', 2)]
)
def test_what_is_no_csv_names_its_line(body: bytes, line: int) -> None:
    with pytest.raises(CsvBroken) as error:
        list(read_rows(body))
    assert error.value.line == line
