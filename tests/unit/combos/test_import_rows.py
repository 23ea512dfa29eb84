"""Combo reports from a CSV: every wrong cell is named by line and column."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.combos.csv_columns import EXPORT_COLUMNS, combo_cells
from shared.combos.import_rows import BYTES_MAX, ROWS_MAX, read_reports
from shared.combos.models import ComboReport, combo_key
from shared.csv_text import csv_lines
from shared.tags.models import tag_id

HEADER = "title,tags,status,notes\r\n"
TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=40
)
SHORT = TEXT.map(str.strip).filter(bool)
REPORTS = st.builds(
    ComboReport,
    title=SHORT,
    tags=st.lists(SHORT, min_size=2, max_size=4, unique_by=tag_id),
    status=st.sampled_from(["planned", "in_progress", "live", "retired"]),
    designer=st.none() | SHORT,
    notes=TEXT,
    product_ids=st.lists(SHORT, max_size=3),
    template_id=st.none() | SHORT,
)


def problems_of(text: str | bytes) -> list[tuple[int, str | None]]:
    body = text if isinstance(text, bytes) else text.encode()
    return [(problem.line, problem.column) for problem in read_reports(body).problems]


@settings(deadline=None, max_examples=50)
@given(st.lists(REPORTS, max_size=4, unique_by=lambda report: report.key))
def test_an_export_is_read_back_unchanged(reports: list[ComboReport]) -> None:
    file = read_reports(csv_lines([EXPORT_COLUMNS, *map(combo_cells, reports)]).encode())
    assert file.problems == ()
    assert [row.report for row in file.good] == reports


def test_a_file_that_people_write() -> None:
    file = read_reports(b'\xef\xbb\xbfTitle,Tags,Status\nBlue sea,"Blue; Sea",In progress\n')
    (row,) = file.good
    assert row.report == ComboReport(title="Blue sea", tags=["Blue", "Sea"], status="in_progress")
    assert row.given == {"title", "tags", "status"}


def test_each_wrong_cell_is_named() -> None:
    text = (
        HEADER
        + "ok,a;b,live,\r\n"
        + ",a;c,live,\r\n"
        + '"two\r\nlines",onlyone,live,\r\n'
        + "x,d;D,soon,\r\n"
        + 'y,"""open;b",live,\r\n'
        + "z,e;f,live\r\n"
        + "w,B;A,live,again\r\n"
    )
    assert problems_of(text) == [
        (3, "title"), (4, "tags"), (6, "tags"), (6, "status"), (7, "tags"), (8, None), (9, "tags"),
    ]  # fmt: skip
    file = read_reports(text.encode())
    assert [row.line for row in file.good] == [2]
    assert file.rows == 7
    assert "line 2" in file.problems[-1].detail


def test_long_texts_and_nul() -> None:
    long = "x" * 255
    good = read_reports(csv_lines([["title", "tags"], [long, [long, "\U0001f600"]]]).encode())
    assert good.problems == ()
    assert problems_of(csv_lines([["title", "tags"], [long + "x", ["a", "b"]]])) == [(2, "title")]
    assert problems_of(csv_lines([["title", "tags"], ["a\x00", ["a", "b"]]])) == [(2, "title")]
    for column in ("designer", "notes", "product_ids", "template_id"):
        text = csv_lines([["title", "tags", column], ["A", ["a", "b"], "x\x00y"]])
        assert problems_of(text) == [(2, column)]


def test_a_header_that_does_not_fit() -> None:
    assert problems_of("title,colour,title\nx,y,z\n") == [
        (1, "colour"), (1, "title"), (1, "tags"),
    ]  # fmt: skip
    assert problems_of("") == [(1, None)]
    assert problems_of("\n\n") == [(1, None)]


def test_a_file_that_is_no_csv_or_too_large() -> None:
    assert problems_of(HEADER + 'a,b;c,live,\r\n"x"y,z') == [(3, None)]
    assert problems_of(b"\xff\xfe") == [(1, None)]
    assert problems_of(b"x" * (BYTES_MAX + 1)) == [(1, None)]
    rows = "".join(f"t{n},a{n};b\n" for n in range(ROWS_MAX + 1))
    assert problems_of("title,tags\n" + rows) == [(ROWS_MAX + 2, None)]


@settings(deadline=None, max_examples=50)
@given(st.lists(SHORT, min_size=2, max_size=5, unique_by=tag_id), st.randoms())
def test_the_key_knows_neither_order_nor_case(tags: list[str], dice) -> None:
    mixed = [tag.upper() if tag_id(tag.upper()) == tag_id(tag) else tag for tag in tags]
    dice.shuffle(mixed)
    assert combo_key(mixed) == combo_key(tags)
