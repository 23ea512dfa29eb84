"""Watermarks, leases and run summaries in SQLite: the journal, or a Durable Object's storage.

The statements stand here once; who owns the database decides how they are run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString, Protocol

from shared import limits
from shared.clock import Clock, parse_instant
from shared.errors import InvalidInput
from shared.ports import JsonObject, Lease

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_SCRIPT: Final = (
    "CREATE TABLE watermark (key TEXT PRIMARY KEY, at INTEGER NOT NULL)",
    """CREATE TABLE lease (
        name TEXT PRIMARY KEY, held_by TEXT NOT NULL, expires_at INTEGER NOT NULL
    )""",
    """CREATE TABLE run_summary (
        run_id TEXT PRIMARY KEY, started_at INTEGER NOT NULL, summary TEXT NOT NULL
    )""",
    "CREATE INDEX run_summary_newest ON run_summary (started_at DESC, run_id DESC)",
)


class Sqlite(Protocol):
    """A SQLite database whose statements run at once, without awaiting."""

    def ensure(self, part: str, script: Sequence[LiteralString]) -> None:
        """Run the statements of a part that have not run yet."""
        ...

    def execute(self, sql: LiteralString, /, *values: str | int | None) -> int:
        """Run a statement; return how many rows it touched."""
        ...

    def rows(self, sql: LiteralString, /, *values: str | int | None) -> Sequence[Any]:
        """Return every row."""
        ...

    def row(self, sql: LiteralString, /, *values: str | int | None) -> Any:
        """Return the first row, or None."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what is done inside, or roll it back if the block raises."""
        ...


class SqliteWatermarks:
    """The singleton of sync state; instants are kept as microseconds, so that they compare."""

    def __init__(self, journal: Sqlite, *, clock: Clock) -> None:
        journal.ensure("watermarks", _SCRIPT)
        self.journal = journal
        self.clock = clock

    async def read(self, key: str, /) -> datetime | None:
        """Return the watermark, or None before the first run."""
        row = self.journal.row("SELECT at FROM watermark WHERE key = ?", key)
        return _instant(row["at"]) if row else None

    async def advance(self, key: str, to: datetime, /) -> datetime:
        """Move the watermark forward and return it; an earlier instant changes nothing."""
        row = self.journal.row(
            "INSERT INTO watermark VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET at = max(at, excluded.at) RETURNING at",
            key,
            _micros(to),
        )
        return _instant(row["at"]) if row else to

    async def acquire(self, name: str, run_id: str, /, *, ttl: timedelta) -> Lease:
        """Lease `name` for a run, or return the lease that another holds. Renews its own."""
        now = self.clock.now()
        self.journal.execute(
            "INSERT INTO lease VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET held_by = excluded.held_by, expires_at = excluded.expires_at"
            " WHERE lease.held_by = excluded.held_by OR lease.expires_at <= ?",
            name,
            run_id,
            _micros(now + ttl),
            _micros(now),
        )
        row = self.journal.row("SELECT held_by, expires_at FROM lease WHERE name = ?", name)
        return Lease(row["held_by"], _instant(row["expires_at"])) if row else Lease(run_id, now)

    async def release(self, name: str, run_id: str, /) -> None:
        """Give the lease up if this run holds it."""
        self.journal.execute("DELETE FROM lease WHERE name = ? AND held_by = ?", name, run_id)

    async def record_run(self, summary: JsonObject, /) -> None:
        """Insert or merge a run summary by `summary["run_id"]`; keeps the last 500."""
        if not isinstance(run_id := summary.get("run_id"), str):
            raise InvalidInput("a run summary needs its run_id")
        with self.journal.transaction():
            merged = {**(self._summary(run_id) or {}), **summary}
            started = merged.get("started_at")
            at = parse_instant(started) if isinstance(started, str) else self.clock.now()
            self.journal.execute(
                "INSERT INTO run_summary VALUES (?, ?, ?) ON CONFLICT (run_id) DO UPDATE"
                " SET started_at = excluded.started_at, summary = excluded.summary",
                run_id,
                _micros(at),
                json.dumps(merged),
            )
            self.journal.execute(
                "DELETE FROM run_summary WHERE run_id IN (SELECT run_id FROM run_summary"
                " ORDER BY started_at DESC, run_id DESC LIMIT -1 OFFSET ?)",
                limits.RUN_SUMMARIES_KEPT,
            )

    async def run(self, run_id: str, /) -> JsonObject | None:
        """Return one summary, or None."""
        return self._summary(run_id)

    async def runs(self, *, limit: int, before: str | None = None) -> Sequence[JsonObject]:
        """Return summaries, newest `started_at` first, older than the run `before`."""
        rows = self.journal.rows(
            "SELECT summary FROM run_summary WHERE ?1 IS NULL OR (started_at, run_id) <"
            " (SELECT started_at, run_id FROM run_summary WHERE run_id = ?1)"
            " ORDER BY started_at DESC, run_id DESC LIMIT ?2",
            before,
            limit,
        )
        return [json.loads(row["summary"]) for row in rows]

    def _summary(self, run_id: str) -> JsonObject | None:
        row = self.journal.row("SELECT summary FROM run_summary WHERE run_id = ?", run_id)
        summary: JsonObject | None = json.loads(row["summary"]) if row else None
        return summary


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
