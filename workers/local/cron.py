"""Cron expressions as Cloudflare reads them: five fields, UTC, the week's days from 1, Sunday."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.errors import SettingsInvalid

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
_DAYS: Final = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression: the values each field allows."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Parse five fields of `*`, numbers, names, ranges, lists and steps.

        Raises:
            SettingsInvalid: It is none.
        """
        fields = text.upper().split()
        if len(fields) != 5:
            raise SettingsInvalid(f"{text!r} is no cron expression: it needs five fields")
        minute, hour, day, month, weekday = fields
        return cls(
            _values(minute, 0, 59),
            _values(hour, 0, 23),
            _values(day, 1, 31),
            _values(month, 1, 12, _MONTHS),
            _values(weekday, 1, 7, _DAYS),
            any_day=day == "*",
            any_weekday=weekday == "*",
        )

    def matches(self, at: datetime) -> bool:
        """Return whether it fires in this minute (UTC)."""
        in_time = at.minute in self.minutes and at.hour in self.hours and at.month in self.months
        return in_time and self._on_day(at)

    def _on_day(self, at: datetime) -> bool:
        by_date = at.day in self.days
        by_weekday = at.isoweekday() % 7 + 1 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday


def _values(
    field: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if first == "*" else _number(first, low, high, names)
        open_end = high if first == "*" or step else start
        end = _number(last, low, high, names) if dash else open_end
        values.update(range(start, end + 1, _number(step, 1, high, None) if step else 1))
    return frozenset(values)


def _number(text: str, low: int, high: int, names: Mapping[str, int] | None) -> int:
    value = (names or {}).get(text)
    if value is None and text.isdecimal():
        value = int(text)
    if value is None or not low <= value <= high:
        raise SettingsInvalid(f"{text!r} is no cron value from {low} to {high}")
    return value
