"""Rows put together from parts are what the stream's class would have let through whole."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import InvalidInput
from shared.telemetry import EVENTS, PublicationEvent, Stream
from shared.telemetry_rows import Rows, checked_rows, part
from shared.telemetry_validation import validated_events

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
STREAM: Stream = "publication"
KNOWN = {"is_bot": False, "is_prefetch": True, "publisher_id": "pub_1"}
NEEDED = part(STREAM, {"occurred_at": AT, "source_version_at": AT, **KNOWN})
VIEW = part(STREAM, {"event_type": "view", "click_id": None, "referrer_host": 'ü"\\'})


def test_rows_are_the_events_that_the_class_makes() -> None:
    rows = Rows(STREAM)
    rows.add(["evt_1", "evt_2"], NEEDED, VIEW)
    assert [event["event_id"] for event in rows] == ["evt_1", "evt_2"]
    assert (len(rows), rows[1]["event_id"], list(rows[1:])) == (2, "evt_2", [rows[1]])
    assert rows[0]["referrer_host"] == 'ü"\\'
    assert "click_id" not in rows[0]
    whole = checked_rows(STREAM, list(rows))
    assert validated_events(STREAM, list(rows)) == validated_events(STREAM, list(whole))
    assert checked_rows(STREAM, rows) is rows


@pytest.mark.parametrize("stream", EVENTS)
def test_no_class_of_events_has_a_rule_across_columns(stream: Stream) -> None:
    found = EVENTS[stream].__pydantic_decorators__
    for kind in ("model_validators", "root_validators", "field_validators", "validators"):
        assert getattr(found, kind) == {}
    assert EVENTS[stream].model_post_init is PublicationEvent.model_post_init
    assert not EVENTS[stream].model_computed_fields


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event_type", "stare"),
        ("occurred_at", datetime(2026, 11, 20, 12)),  # noqa: DTZ001 - what is refused
        ("occurred_at", "2026-11-20T12:00:00Z"),
        ("is_bot", 1),
        ("item_id", 7),
        ("item_id", b"itm"),
        ("duration_ms", 2**63),
        ("duration_ms", True),
        ("amount_minor", Decimal(1)),
        ("amount_minor", 1.0),
        ("an_unknown_column", 1),
    ],
)
def test_a_column_that_does_not_fit_makes_no_part(column: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        part(STREAM, {column: value})
    assert [problem.pointer for problem in refused.value.problems] == [f"/{column}"]


def test_text_that_is_no_unicode_makes_no_part() -> None:
    with pytest.raises(InvalidInput):
        part(STREAM, {"referrer_host": "\ud800"})


@pytest.mark.parametrize("event_id", [7, None, b"evt", "\ud800"])
def test_an_id_that_is_no_text_makes_no_row(event_id: Any) -> None:
    rows = Rows(STREAM)
    with pytest.raises(InvalidInput):
        rows.add(["evt_1", event_id], NEEDED, VIEW)
    assert not rows


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (NEEDED,),
        (VIEW, part(STREAM, {"occurred_at": AT, "source_version_at": AT, "publisher_id": "p"})),
        (NEEDED, VIEW, VIEW),
        (NEEDED, VIEW, part(STREAM, {"event_id": "evt_1"})),
        (NEEDED, VIEW, part("sync", {"workflow": "w"})),
    ],
)
def test_parts_that_make_no_event_make_no_row(parts: tuple[Any, ...]) -> None:
    rows = Rows(STREAM)
    with pytest.raises(ValueError, match=r"publication\.telemetry"):
        rows.add(["evt_1"], *parts)
    assert not rows


def test_whether_javascript_holds_each_integer_is_known() -> None:
    rows = Rows(STREAM)
    rows.add(["evt_1234567890123456"], NEEDED, VIEW)
    assert not rows.may_be_large
    rows.add(["evt_2"], NEEDED, VIEW, part(STREAM, {"amount_minor": 2**53}))
    assert rows.may_be_large
    assert checked_rows(STREAM, list(rows)).may_be_large
