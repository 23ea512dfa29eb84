"""What a run reads: from a little before its watermark to its start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.sync.windows import Window, hidden_orders_note, sync_window

NOW = datetime(2026, 11, 20, 6, 0, 0, 987654, tzinfo=UTC)
START = NOW.replace(microsecond=0)
DAY = timedelta(days=1)


def test_the_window_overlaps_the_last_one_by_five_minutes() -> None:
    window = sync_window(START - DAY, NOW)
    assert window == Window(START - DAY - timedelta(minutes=5), START, ())


def test_failure_mode_2_the_upper_bound_is_the_start_of_the_run_in_whole_seconds() -> None:
    """Not the newest `updatedAt` seen, which may be a child's or of a later window."""
    assert sync_window(START - DAY, NOW).until == START


def test_the_first_run_reads_128_days_and_says_so() -> None:
    window = sync_window(None, NOW)
    assert window.since == START - 128 * DAY
    assert "first run" in window.notes[0]


def test_an_old_watermark_is_floored_and_the_run_says_so() -> None:
    window = sync_window(START - 200 * DAY, NOW)
    assert window.since == START - 128 * DAY
    assert "older than 128 days" in window.notes[0]
    assert "2026-05-04T06:00:00Z" in window.notes[0]


def test_a_watermark_at_the_floor_is_not_floored() -> None:
    at_floor = START - 128 * DAY + timedelta(minutes=5)
    assert sync_window(at_floor, NOW) == Window(START - 128 * DAY, START, ())


def test_a_watermark_in_the_future_gives_an_empty_window() -> None:
    """A clock that was set back must not turn the bounds around."""
    assert sync_window(START + DAY, NOW) == Window(START, START, ())


@pytest.mark.parametrize("watermark", [None, START - DAY, START + DAY])
def test_failure_mode_6_orders_older_than_60_days_are_hidden_without_the_scope(
    watermark: datetime | None,
) -> None:
    """From every window: what is hidden is told by the orders' creation, not by their change."""
    window = sync_window(watermark, NOW)
    note = hidden_orders_note(window, {"read_orders"})
    assert note is not None
    assert "read_all_orders" in note
    assert hidden_orders_note(window, {"read_orders", "read_all_orders"}) is None
