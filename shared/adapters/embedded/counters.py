"""Real-time counters on the journal: every point, kept for three months."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.adapters.embedded.journal import Journal
from shared.clock import Clock
from shared.ports import CounterPoint

KEPT: Final = timedelta(days=92)
BLOBS_MAX: Final = 20
DOUBLES_MAX: Final = 20

_SCRIPT: Final = (
    """CREATE TABLE counter_point (
        id INTEGER PRIMARY KEY, index_name TEXT NOT NULL, first_blob TEXT NOT NULL,
        blobs TEXT NOT NULL, doubles TEXT NOT NULL, at REAL NOT NULL
    )""",
    "CREATE INDEX counter_point_read ON counter_point (index_name, at)",
    "CREATE INDEX counter_point_age ON counter_point (at)",
)
_logger = logging.getLogger(__name__)


class JournalCounters:
    """Keeps every point; nothing is sampled here."""

    def __init__(self, journal: Journal, *, clock: Clock) -> None:
        journal.ensure("counters", _SCRIPT)
        self.journal = journal
        self.clock = clock

    def write(self, points: Sequence[CounterPoint], /) -> None:
        """Record the points; never fails the caller."""
        now = self.clock.now()
        rows = [_row(point, now) for point in points if _fits(point)]
        if len(rows) < len(points):
            _logger.warning("counter points dropped", extra={"points": len(points) - len(rows)})
        try:
            with self.journal.transaction():
                self.journal.execute_many(
                    "INSERT INTO counter_point (index_name, first_blob, blobs, doubles, at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    rows,
                )
                self.journal.execute(
                    "DELETE FROM counter_point WHERE at < ?", (now - KEPT).timestamp()
                )
        except sqlite3.Error as error:
            _logger.warning("counter points lost", extra={"reason": str(error)})

    async def totals(self, index: str, /, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """Return the summed doubles of an index by its first blob."""
        totals: dict[str, list[float]] = {}
        for row in self.journal.rows(
            "SELECT first_blob, doubles FROM counter_point WHERE index_name = ? AND at >= ?",
            index,
            since.timestamp(),
        ):
            doubles: list[float] = json.loads(row["doubles"])
            sums = totals.setdefault(row["first_blob"], [])
            sums.extend([0.0] * (len(doubles) - len(sums)))
            for position, value in enumerate(doubles):
                sums[position] += value
        return totals


def _fits(point: CounterPoint) -> bool:
    return len(point.blobs) <= BLOBS_MAX and len(point.doubles) <= DOUBLES_MAX


def _row(point: CounterPoint, at: datetime) -> tuple[str, str, str, str, float]:
    first = point.blobs[0] if point.blobs else ""
    return point.index, first, json.dumps(point.blobs), json.dumps(point.doubles), at.timestamp()
