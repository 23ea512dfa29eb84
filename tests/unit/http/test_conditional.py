"""A change needs the version it was made from; a read may say which version it has."""

import pytest

from shared.errors import BadRequest, PreconditionFailed, PreconditionRequired
from shared.http.conditional import etag, is_unchanged, require_match


@pytest.mark.parametrize("header", ['"3"', '"1", "3"', '"1","3"', " * ", '  "3"  ', 'W/"3"'])
def test_the_current_version_may_be_changed(header: str) -> None:
    require_match(header, etag(3))


@pytest.mark.parametrize("header", ['"2"', 'W/"2"', '"33"', '""', '"1", "2"'])
def test_another_version_may_not(header: str) -> None:
    with pytest.raises(PreconditionFailed) as caught:
        require_match(header, etag(3))
    assert caught.value.headers == {"ETag": '"3"'}


@pytest.mark.parametrize("header", [None, ""])
def test_a_change_without_a_version_is_not_taken(header: str | None) -> None:
    with pytest.raises(PreconditionRequired):
        require_match(header, etag(3))


@pytest.mark.parametrize("header", ["3", '"3', "'3'", '"3" "4"', ", ,", 'w/"3"', '"a" x'])
def test_what_is_no_etag_is_named(header: str) -> None:
    with pytest.raises(BadRequest) as caught:
        require_match(header, etag(3))
    assert caught.value.problems[0].pointer == "/If-Match"


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [(None, False), ('"3"', True), ('W/"3"', True), ("*", True), ('"2"', False), ("3", False)],
)
def test_a_reader_who_has_the_version_needs_no_body(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, etag(3)) is unchanged


def test_a_long_header_is_dealt_with_quickly() -> None:
    with pytest.raises(BadRequest):
        require_match('"a",' * 20_000 + "x", etag(3))
