"""The platform as `python -m local serve` runs it: one process, queue and Workflows in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

from local.controls import ask_running

from shared.clock import format_instant
from tests.e2e.running_target import RunningTarget


class LocalTarget(RunningTarget):
    """The local platform."""

    name = "local"
    quiet = 0.5

    def command(self) -> Sequence[str]:
        """Return the arguments that start the platform."""
        return (
            "serve", "--state", str(self.state.directory), "--no-crons", "--shop", self.shop_url,
            "--port", str(self.ports["dashboard"]), "--public-port", str(self.ports["platform"]),
            "--ingest-port", str(self.ports["ingest"]),
        )  # fmt: skip

    async def fire(self, cron: str, at: datetime) -> None:
        """Start what a cron expression starts."""
        where = self.addresses
        await ask_running(where.dashboard, where.control, "fire", f"{cron} @ {format_instant(at)}")

    async def busy(self) -> bool:
        """Return whether a message waits or an instance has not ended, as the journal has it."""
        with closing(sqlite3.connect(self.state.journal, timeout=10)) as journal:
            (left,) = journal.execute(
                "SELECT (SELECT count(*) FROM queue_message) + (SELECT count(*) FROM"
                " workflow_instance WHERE state IN ('queued', 'running', 'waiting'))"
            ).fetchone()
        return bool(left)
