"""How long what nobody could deal with is tried again."""

from __future__ import annotations

from datetime import timedelta

from shared.adapters.redelivery import LETTER_RETRIES, LONGEST, delay_after


def test_an_outage_of_hours_loses_no_letter() -> None:
    delays = [delay_after(attempts) for attempts in range(1, LETTER_RETRIES + 1)]
    assert delays[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=90)]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST
    assert timedelta(hours=12) < sum(delays, timedelta(0)) < timedelta(days=1)
