"""Lands accepted events in the lake: the local counterpart of a Pipelines sink."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from pyiceberg.catalog import Catalog

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.stream import Batch, Spool
from shared.adapters.lake.commits import CommitGaveUp, Persistence
from shared.adapters.lake.landing import Lines, land
from shared.adapters.lake.maintenance import Upkeep, maintain, tables
from shared.adapters.lake.tables import telemetry_table
from shared.clock import Clock, SystemClock
from shared.limits import MIB
from shared.telemetry import EVENTS, Stream

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a batch rolls, and when the tables are looked after.

    Attributes:
        events: A batch has about this many events at most,
        size: and this many bytes of JSON.
        roll: An event waits at most this long for its batch.
        poll: How often the spool is looked at.
        upkeep: How often small files are compacted and old snapshots expired.
    """

    events: int = 20_000
    size: int = 16 * MIB
    roll: timedelta = timedelta(seconds=10)
    poll: timedelta = timedelta(milliseconds=500)
    upkeep: timedelta = timedelta(minutes=5)


class Lander:
    """Moves batches from the spool to the tables. Several may run; an event lands once.

    A batch is fixed in the journal before it is appended and its id stands in the snapshot, so a
    crash between the append and the removal from the journal is noticed by the next attempt.
    """

    def __init__(
        self,
        journal: Journal,
        catalog: Catalog,
        *,
        clock: Clock | None = None,
        rhythm: Rhythm | None = None,
        upkeep: Upkeep | None = None,
        persistence: Persistence | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._spool = Spool(journal, self._clock)
        self._catalog = catalog
        self._rhythm = rhythm or Rhythm()
        self._upkeep = upkeep or Upkeep()
        self._persistence = persistence or Persistence()
        self._stopping = threading.Event()
        self._landing = asyncio.Lock()  # flush() may be called while run() runs

    async def run(self) -> None:
        """Land what is due and look after the tables, until cancelled; failures are retried."""
        upkeep_at = self._clock.now() + self._rhythm.upkeep
        while True:
            failed = [stream for stream in EVENTS if not await self._land_due(stream)]
            if self._clock.now() >= upkeep_at:
                upkeep_at = self._clock.now() + self._rhythm.upkeep
                await self._maintain_if_possible()
            wait = self._rhythm.roll if failed else self._rhythm.poll
            await asyncio.sleep(wait.total_seconds())

    async def flush(self) -> int:
        """Land all that was accepted so far, and return how many events that were.

        Raises:
            CommitGaveUp: The catalog does not take a commit now; nothing accepted is lost.
        """
        landed = 0
        for stream in EVENTS:
            while count := await self._land(stream):
                landed += count
        return landed

    async def maintain(self) -> None:
        """Compact small files, expire old snapshots and remove files that nothing refers to."""
        for table in await asyncio.to_thread(tables, self._catalog):
            now = self._clock.now()
            await self._act(partial(maintain, self._catalog, table, self._upkeep, now))

    async def _land_due(self, stream: Stream) -> bool:
        """Land what of a stream is due; return False if that failed, for now."""
        try:
            while self._is_due(stream):
                await self._land(stream)
        except Exception:  # noqa: BLE001 - logged and tried again: the events stay accepted
            _LOG.exception("landing_failed", extra={"stream": stream})
            return False
        return True

    async def _maintain_if_possible(self) -> None:
        try:
            await self.maintain()
        except Exception:  # noqa: BLE001 - logged and tried again: nothing waits for upkeep
            _LOG.exception("upkeep_failed")

    def _is_due(self, stream: Stream) -> bool:
        backlog = self._spool.backlog(stream)
        if backlog.oldest_at is None:
            return False
        waited = self._clock.now() - backlog.oldest_at
        return backlog.events >= self._rhythm.events or waited >= self._rhythm.roll

    async def _land(self, stream: Stream) -> int:
        """Land one batch of a stream; return how many events it had."""
        async with self._landing:
            batch = self._spool.claim(stream, events=self._rhythm.events, size=self._rhythm.size)
            if batch is None:
                return 0
            await self._act(partial(self._append, batch))
            self._spool.discard(batch)
        _LOG.info("landed", extra={"stream": stream, "events": batch.event_count})
        return batch.event_count

    async def _act(self, act: Callable[[], object]) -> None:
        """Run blocking work in a thread; a cancellation waits for it, as it cannot be undone."""
        work = asyncio.ensure_future(asyncio.to_thread(act))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stopping.set()
            await asyncio.wait([work])
            self._stopping.clear()
            if not work.cancelled() and (error := work.exception()) is not None:
                _LOG.info("stopped", extra={"reason": repr(error)})
            raise

    def _append(self, batch: Batch) -> None:
        lines = [Lines(send.accepted_at, send.event_count, send.lines) for send in batch.sends]
        land(
            self._catalog,
            telemetry_table(batch.stream),
            batch.id,
            lines,
            persistence=self._persistence,
            sleep=self._pause,
        )

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise CommitGaveUp("the lander is stopping; what was accepted lands at its next start")
