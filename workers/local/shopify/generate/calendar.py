"""When orders are placed: growth, weekly and seasonal rhythm, sale peaks and the hours of a day."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from local.shopify.generate.randomness import fraction, stream

_WEEKDAYS = (1.05, 0.92, 0.9, 0.95, 1.1, 1.25, 1.3)
_HOURS = (
    2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 12, 12, 13, 14, 16, 19, 21, 18, 11, 5,
)  # fmt: skip
_CURVE = (0.0, *(part / sum(_HOURS) for part in accumulate(_HOURS)))
_CALENDAR_TOPIC = 11


class Calendar:
    """Spreads a number of orders over the days before an instant."""

    def __init__(
        self, *, seed: int, orders: int, anchor: datetime, timezone: str, days: int
    ) -> None:
        zone = ZoneInfo(timezone)
        local = anchor.astimezone(zone)
        self.seed, self.orders, self.days = seed, orders, days
        self.anchor = int(anchor.timestamp())
        self.first_day = local.date() - timedelta(days=days - 1)
        self.midnights = [
            _midnight(self.first_day + timedelta(days=day), zone) for day in range(days)
        ]
        self._last_share = _fraction_of_day(self.anchor - self.midnights[-1])
        weights = [self._weight(day) for day in range(days)]
        weights[-1] *= self._last_share
        total = sum(weights)
        shares = accumulate(weight / total for weight in weights)
        self._ends = [round(part * orders) for part in shares]
        self._ends[-1] = orders

    def day_of(self, index: int) -> int:
        """Return the day (0 is the oldest) on which an order is placed."""
        return bisect_right(self._ends, index)

    def instant(self, index: int) -> int:
        """Return the epoch second at which an order is placed; it grows with the index."""
        day = self.day_of(index)
        first = self._ends[day - 1] if day else 0
        jitter = fraction(self.seed, index)
        position = (index - first + jitter) / (self._ends[day] - first)
        if day == self.days - 1:
            position *= self._last_share
        return min(self.midnights[day] + _second_of_day(position), self.anchor)

    def _weight(self, day: int) -> float:
        when = self.first_day + timedelta(days=day)
        growth = 1 + 0.5 * day / self.days
        season = 1 + 0.25 * math.cos((when.timetuple().tm_yday - 345) / 365 * 2 * math.pi)
        noise = 0.85 + 0.3 * stream(self.seed, _CALENDAR_TOPIC, -day - 1).random()
        return growth * season * noise * _WEEKDAYS[when.weekday()] * _peak(when)


def _peak(when: date) -> float:
    friday = date(when.year, 11, 1)
    friday += timedelta(days=(4 - friday.weekday()) % 7 + 21)
    if friday <= when <= friday + timedelta(days=3):
        return 2.6
    return 1.5 if when.month == 12 and 5 <= when.day <= 18 else 1.0


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())


def _second_of_day(position: float) -> int:
    hour = max(bisect_right(_CURVE, position) - 1, 0)
    if hour >= 24:
        return 86_399
    within = (position - _CURVE[hour]) / (_CURVE[hour + 1] - _CURVE[hour])
    return min(int((hour + within) * 3600), 86_399)


def _fraction_of_day(second: int) -> float:
    hour, rest = divmod(min(max(second, 1), 86_399), 3600)
    return _CURVE[hour] + (_CURVE[hour + 1] - _CURVE[hour]) * rest / 3600
