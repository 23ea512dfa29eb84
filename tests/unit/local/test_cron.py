"""Cron expressions as Cloudflare reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from local.cron import Cron

from shared.errors import SettingsInvalid

FRIDAY = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MONDAY = SUNDAY.replace(day=23)


@pytest.mark.parametrize(
    ("text", "at", "due"),
    [
        ("0 6 * * *", FRIDAY, True),
        ("0 6 * * *", FRIDAY.replace(hour=7), False),
        ("0 6 * * *", FRIDAY.replace(minute=1), False),
        ("0 * * * *", FRIDAY.replace(hour=23), True),
        ("*/15 * * * *", FRIDAY.replace(minute=45), True),
        ("*/15 * * * *", FRIDAY.replace(minute=44), False),
        ("5/20 * * * *", FRIDAY.replace(minute=25), True),
        ("0 0-5,22-23 * * *", FRIDAY.replace(hour=22), True),
        ("0 0-5,22-23 * * *", FRIDAY, False),
        ("0 3 * * 1", SUNDAY, True),
        ("0 3 * * SUN", SUNDAY, True),
        ("0 3 * * sun", SUNDAY, True),
        ("0 3 * * Sun", MONDAY, False),
        ("0 3 * * 7", SUNDAY, False),
        ("0 3 * * 7", SUNDAY.replace(day=21), True),
        ("0 3 * * 2", MONDAY, True),
        ("0 3 * * MON-SAT", SUNDAY, False),
        ("0 3 * * */2", SUNDAY, True),
        ("0 3 * * */2", MONDAY, False),
        ("0 6 * * 6", FRIDAY, True),
        ("0 6 * * MON-FRI", FRIDAY, True),
        ("0 6 1 * *", FRIDAY, False),
        ("0 6 1 * FRI", FRIDAY, True),
        ("0 6 20 JAN,NOV *", FRIDAY, True),
        ("0 6 20 JAN *", FRIDAY, False),
    ],
)
def test_an_expression_fires_when_it_says(text: str, at: datetime, *, due: bool) -> None:
    assert Cron.parse(text).matches(at) is due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "a * * * *",
        "* * 0 * *",
        "* * * 13 *",
        "*/0 * * * *",
        "0 3 * * 0",
        "0 3 * * 0-5",
        "0 3 * * 8",
        "0 3 * * SUNDAY",
    ],
)
def test_a_bad_expression_is_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid):
        Cron.parse(text)
