"""Cron on a laptop: looks at the clock once a minute and fires what is due, in UTC."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from local.cron import Cron
from shared.adapters.embedded.journal import Journal
from shared.clock import Clock, format_instant

Fire = Callable[[str, datetime], Awaitable[Any]]
MINUTE: Final = timedelta(minutes=1)
CATCH_UP: Final = timedelta(hours=1)
"""How far back a loop that was held up (a closed lid) still fires what it missed."""
_LOG: Final = logging.getLogger(__name__)

_SCRIPT: Final = (
    "CREATE TABLE cron_fired (cron TEXT, minute TEXT, PRIMARY KEY (cron, minute)) WITHOUT ROWID",
)


class Scheduler:
    """Fires each expression once in each minute that it matches, across restarts too."""

    def __init__(self, journal: Journal, crons: Iterable[str], fire: Fire, *, clock: Clock) -> None:
        journal.ensure("cron", _SCRIPT)
        self.journal = journal
        self.crons = {text: Cron.parse(text) for text in crons}
        self.fire = fire
        self.clock = clock

    async def run(self) -> None:
        """Fire what is due until cancelled."""
        last = _minute(self.clock.now()) - MINUTE
        while True:
            last = await self.tick(last)
            left = last + MINUTE - self.clock.now()
            await asyncio.sleep(max(0.05, left.total_seconds()))

    async def tick(self, last: datetime) -> datetime:
        """Fire what fell due after the minute `last`, and return the present minute."""
        now = _minute(self.clock.now())
        minute = max(last, now - CATCH_UP) + MINUTE
        while minute <= now:
            for text, cron in self.crons.items():
                if cron.matches(minute):
                    await self._fire_once(text, minute)
            minute += MINUTE
        return max(last, now)

    async def _fire_once(self, text: str, minute: datetime) -> None:
        row = self.journal.row(
            "SELECT 1 FROM cron_fired WHERE cron = ? AND minute = ?", text, format_instant(minute)
        )
        if row is not None:
            return
        try:
            await self.fire(text, minute)
        except Exception:  # noqa: BLE001 - the clock goes on
            _LOG.exception("cron failed", extra={"cron": text})
            return
        with self.journal.transaction():
            self.journal.execute("DELETE FROM cron_fired WHERE cron = ?", text)
            self.journal.execute(
                "INSERT INTO cron_fired VALUES (?, ?)", text, format_instant(minute)
            )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
