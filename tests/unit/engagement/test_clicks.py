"""A click id is read by who signed it, and by nobody else in any other form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engagement.clicks import Click, read, sign
from shared.publishers.models import item_id

KEY = "a key that signs clicks"
ITEM = item_id("pbl_1", "prd_1")
AT = datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(
    at=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    nonce=st.binary(min_size=16, max_size=16),
    item=st.binary(min_size=16, max_size=16),
)
def test_what_is_signed_is_what_is_read(at: datetime, nonce: bytes, item: bytes) -> None:
    click = Click(f"itm_{item.hex()}", at, nonce.hex())
    text = sign(click, KEY)
    assert read(text, KEY) == click
    assert len(text) == 76
    assert set(text) <= set(ALPHABET)


def test_time_is_kept_as_an_instant() -> None:
    there = AT.astimezone(timezone(timedelta(hours=9)))
    read_back = read(sign(Click.new(ITEM, there), KEY), KEY)
    assert read_back is not None
    assert read_back.clicked_at == AT


def test_two_clicks_are_two() -> None:
    first, second = Click.new(ITEM, AT), Click.new(ITEM, AT)
    assert first.id != second.id
    assert first.id == f"clk_{first.nonce}"


def test_every_changed_character_makes_it_none() -> None:
    text = sign(Click.new(ITEM, AT), KEY)
    for place, was in enumerate(text):
        for now in "A_z":
            if now != was:
                assert read(text[:place] + now + text[place + 1 :], KEY) is None


@pytest.mark.parametrize("other", ["", KEY + "x", KEY.upper()])
def test_another_key_reads_nothing(other: str) -> None:
    assert read(sign(Click.new(ITEM, AT), KEY), other) is None


@pytest.mark.parametrize("place", [0, 1])
def test_a_rotated_key_still_reads_what_it_signed(place: int) -> None:
    click = Click.new(ITEM, AT)
    believed = ["the current key", "the previous key"]
    assert read(sign(click, believed[place]), *believed) == click
    assert read(sign(click, KEY), *believed) is None


def test_without_a_key_nothing_is_read() -> None:
    assert read(sign(Click.new(ITEM, AT), KEY)) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "clk_1", "A" * 75, "A" * 76, "A" * 77, "_" * 76, "é" * 76, "A" * 75 + "\n", "=" * 76],
)
def test_what_nobody_signed_is_none(text: str) -> None:
    assert read(text, KEY) is None


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    assert read(text, KEY) is None


@pytest.mark.parametrize("changed", [lambda t: t + "A", lambda t: t + "\n", lambda t: " " + t])
def test_more_than_the_text_is_none(changed: object) -> None:
    assert callable(changed)
    assert read(changed(sign(Click.new(ITEM, AT), KEY)), KEY) is None


@pytest.mark.parametrize(
    "click",
    [
        Click("prd_1", AT, "00" * 16),
        Click(ITEM, AT, "00" * 15),
        Click(ITEM, datetime(1969, 1, 1, tzinfo=UTC), "00" * 16),
    ],
)
def test_what_is_no_click_is_not_signed(click: Click) -> None:
    with pytest.raises(ValueError, match=r"item's id|a click has"):
        sign(click, KEY)
