"""Cursors come back as they were given, and nothing else is one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadRequest
from shared.http.pagination import decode_cursor, encode_cursor

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)


@given(st.dictionaries(st.text(), SCALARS))
def test_a_cursor_says_where_it_stands(position: dict[str, object]) -> None:
    cursor = encode_cursor(position)
    assert decode_cursor(cursor) == position
    assert cursor.isascii()
    assert not set(cursor) & set("=+/&?#% ")


@pytest.mark.parametrize("text", ["x", "!!", "é", "a b", "AA", encode_cursor({})[:-1]])
def test_what_is_no_cursor_is_named(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode_cursor(text)
    assert caught.value.problems[0].pointer == "/cursor"


@pytest.mark.parametrize("json", [b"[]", b"1", b'"x"', b"null", b"[" * 50_000])
def test_only_an_object_is_a_position(json: bytes) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(base64.urlsafe_b64encode(json).decode())
