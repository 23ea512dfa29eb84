"""An event stream in the journal: what is accepted stays until it is in its Iceberg table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString

from shared import ids
from shared.adapters.embedded.journal import Journal
from shared.clock import Clock, SystemClock
from shared.ports import JsonObject
from shared.telemetry import Stream
from shared.telemetry_rows import checked_rows

_SCRIPT: Final[tuple[LiteralString, ...]] = (
    # One row is one accepted send: its events as lines of JSON, in the order they were sent.
    # batch_id is set when the lander takes the row, so that a crash cannot change a batch.
    """CREATE TABLE stream_spool (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        accepted_us INTEGER NOT NULL,
        event_count INTEGER NOT NULL,
        lines BLOB NOT NULL,
        batch_id TEXT
    )""",
    "CREATE INDEX stream_spool_by_stream ON stream_spool (stream, batch_id, seq)",
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Send:
    """The events of one accepted send, as lines of JSON."""

    accepted_at: datetime
    event_count: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Sends that go to the table together, always under the same id."""

    id: str
    stream: Stream
    sends: tuple[Send, ...]

    @property
    def event_count(self) -> int:
        """Return how many events the batch has."""
        return sum(send.event_count for send in self.sends)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What of a stream is not in its table yet; `oldest_at` is None if that is nothing."""

    events: int
    oldest_at: datetime | None


class Spool:
    """The accepted events that are not in their tables yet. Use it from one thread."""

    def __init__(self, journal: Journal, clock: Clock | None = None) -> None:
        self._journal = journal
        self._clock = clock or SystemClock()
        journal.ensure("stream_spool", _SCRIPT)

    def add(self, stream: Stream, lines: Sequence[bytes]) -> None:
        """Keep the events of one send; they are on the disk when this returns."""
        accepted_us = (self._clock.now() - _EPOCH) // _MICROSECOND
        self._journal.execute(
            "INSERT INTO stream_spool (stream, accepted_us, event_count, lines)"
            " VALUES (?, ?, ?, ?)",
            stream,
            accepted_us,
            len(lines),
            b"\n".join(lines),
        )

    def backlog(self, stream: Stream) -> Backlog:
        """Return how much of a stream waits."""
        row = self._journal.row(
            "SELECT coalesce(sum(event_count), 0) AS events, min(accepted_us) AS oldest_us"
            " FROM stream_spool WHERE stream = ?",
            stream,
        )
        if row is None or row["oldest_us"] is None:
            return Backlog(0, None)
        return Backlog(row["events"], _EPOCH + row["oldest_us"] * _MICROSECOND)

    def claim(self, stream: Stream, *, events: int, size: int) -> Batch | None:
        """Return the batch that a crash left unfinished, or else a new one; None if none waits.

        Args:
            stream: Whose events.
            events: A new batch ends with the send that reaches this many events,
            size: or this many bytes.
        """
        with self._journal.transaction():
            left = self._journal.row(
                "SELECT batch_id FROM stream_spool"
                " WHERE stream = ? AND batch_id IS NOT NULL ORDER BY seq LIMIT 1",
                stream,
            )
            batch_id = left["batch_id"] if left else self._new_batch(stream, events, size)
        if batch_id is None:
            return None
        rows = self._journal.rows(
            "SELECT accepted_us, event_count, lines FROM stream_spool"
            " WHERE stream = ? AND batch_id = ? ORDER BY seq",
            stream,
            batch_id,
        )
        sends = [
            Send(_EPOCH + row["accepted_us"] * _MICROSECOND, row["event_count"], row["lines"])
            for row in rows
        ]
        return Batch(batch_id, stream, tuple(sends))

    def discard(self, batch: Batch) -> None:
        """Forget a batch that is in its table."""
        self._journal.execute(
            "DELETE FROM stream_spool WHERE stream = ? AND batch_id = ?", batch.stream, batch.id
        )

    def _new_batch(self, stream: Stream, events: int, size: int) -> str | None:
        last = self._journal.row(
            "SELECT min(seq) FILTER (WHERE events >= ? OR bytes >= ?) AS full, max(seq) AS last"
            " FROM (SELECT seq, sum(event_count) OVER running AS events,"
            "              sum(length(lines)) OVER running AS bytes"
            "       FROM (SELECT * FROM stream_spool WHERE stream = ? AND batch_id IS NULL"
            "             ORDER BY seq LIMIT ?)"
            "       WINDOW running AS (ORDER BY seq))",
            events,
            size,
            stream,
            events,
        )
        if last is None or last["last"] is None:
            return None
        batch_id = ids.new_id("bat")
        self._journal.execute(
            "UPDATE stream_spool SET batch_id = ?"
            " WHERE stream = ? AND batch_id IS NULL AND seq <= ?",
            batch_id,
            stream,
            last["last"] if last["full"] is None else last["full"],
        )
        return batch_id


class SpooledStream:
    """The EventStream of the local platform: accepts into the journal, lands by the lander."""

    def __init__(self, journal: Journal, stream: Stream, clock: Clock | None = None) -> None:
        self._spool = Spool(journal, clock)
        self._stream = stream

    async def send(self, events: Sequence[JsonObject], /) -> None:
        """Return once every event is durably accepted.

        Raises:
            InvalidInput: An event does not fit the table's schema; none was accepted.
        """
        rows = checked_rows(self._stream, events)
        if rows:
            self._spool.add(self._stream, [text.encode() for text in rows.texts])
