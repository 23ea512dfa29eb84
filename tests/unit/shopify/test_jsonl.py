"""Lines survive any chunk border, and a row is known by itself, never by its neighbours."""

from __future__ import annotations

import itertools
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.integrations.shopify import jsonl
from shared.integrations.shopify.errors import MalformedNode

ORDER = b'{"__typename":"Order","id":"gid:\\/\\/shopify\\/Order\\/1"}'
LINE = (
    b'{"__typename":"LineItem","id":"gid:\\/\\/shopify\\/LineItem\\/2",'
    b'"__parentId":"gid:\\/\\/shopify\\/Order\\/1"}'
)


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = jsonl.LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + splitter.flush()


def cut(body: bytes, borders: list[int]) -> list[bytes]:
    edges = [0, *sorted(border % (len(body) + 1) for border in borders), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    st.lists(texts, max_size=20),
    st.lists(st.integers(0, 10_000), max_size=30),
    st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n \r\n"]),
    st.booleans(),
)
def test_lines_do_not_depend_on_chunk_borders(values, borders, newline, ends):
    lines = [json.dumps({"note": value}, ensure_ascii=False).encode() for value in values]
    body = newline.join(lines) + (newline if ends else b"")
    assert split(cut(body, borders)) == lines


def test_a_line_larger_than_its_chunks_is_put_together():
    line = b'{"note":"' + b"x" * 100_000 + b'"}'
    body = ORDER + b"\n" + line + b"\n" + LINE
    chunks = [body[start : start + 1_000] for start in range(0, len(body), 1_000)]
    assert split(chunks) == [ORDER, line, LINE]


def test_failure_07_blank_lines_and_crlf_are_no_rows():
    assert split([b"\r\n\n" + ORDER + b"\r\n \n\r\n" + LINE + b"\r\n\r\n"]) == [ORDER, LINE]


def test_unicode_line_separators_inside_a_text_do_not_split_it():
    line = json.dumps({"note": "a\u2028b\u0085c\x0bd"}, ensure_ascii=False).encode()
    assert split([line + b"\n"]) == [line]


def test_a_file_without_end_of_line_cannot_fill_the_memory(monkeypatch):
    monkeypatch.setattr(jsonl, "LINE_BYTES_MAX", 10_000)
    splitter = jsonl.LineSplitter()
    with pytest.raises(MalformedNode, match="longer than"):
        for _ in range(100):
            splitter.feed(b"x" * 1_000)


async def test_batches_hold_the_same_lines():
    async def chunks():
        for chunk in cut(ORDER + b"\n" + LINE, [3, 70, 71]):
            yield chunk

    batches = [batch async for batch in jsonl.line_batches(chunks())]
    assert [line for batch in batches for line in batch] == [ORDER, LINE]


@pytest.mark.parametrize(
    ("line", "kind", "root"),
    [
        (ORDER, "Order", True),
        (LINE, "LineItem", False),
        (b'{"id":"gid:\\/\\/shopify\\/Product\\/1","__typename":"Product"}', "Product", True),
        (b'{"id":"gid:\\/\\/shopify\\/ProductVariant\\/1"}', "ProductVariant", True),
        (b'{ "__typename" : "Order" }', "Order", True),
        (b'{"code":"X","__parentId":"gid:\\/\\/shopify\\/Order\\/1"}', "", False),
    ],
)
def test_failure_12_a_row_says_itself_what_it_is(line, kind, root):
    assert jsonl.kind_of_line(line) == kind
    assert jsonl.is_root_line(line) is root


@given(texts)
def test_no_text_can_imitate_a_type_or_a_parent(note):
    note = f'{{"__typename":"LineItem","__parentId":"gid://shopify/Order/9"}}{note}'
    row = {"__typename": "Order", "id": "gid://shopify/Order/1", "note": note}
    line = json.dumps(row, separators=(",", ":")).replace("/", "\\/").encode()
    assert jsonl.kind_of_line(line) == "Order"
    assert jsonl.is_root_line(line)


@pytest.mark.parametrize("line", [ORDER[:20], LINE[:-5], b"[]", b'"x"', b"\xff\xfe{}"])
def test_a_line_that_is_cut_off_is_malformed(line):
    with pytest.raises(MalformedNode):
        jsonl.parse_line(line)


@pytest.mark.parametrize("line", [b'{"__typename":"Ord', b'{"__typename":"'])
def test_the_fast_way_does_not_take_a_cut_off_line_for_a_row(line):
    with pytest.raises(MalformedNode):
        jsonl.kind_of_line(line)


def test_a_faster_reader_can_be_injected():
    seen = []

    def loads(line):
        seen.append(line)
        return {"id": "x"}

    assert jsonl.parse_line(ORDER, loads) == {"id": "x"}
    assert seen == [ORDER]


def test_a_lone_surrogate_that_the_fast_reader_refuses_is_read_all_the_same():
    line = b'{"id":"gid://shopify/Order/1","note":"\\ud83d cut emoji"}'
    with pytest.raises(ValueError, match=r"surrogate|hex"):
        orjson.loads(line)
    assert jsonl.parse_line(line, orjson.loads)["note"].endswith("cut emoji")
