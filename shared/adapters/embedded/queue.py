"""The job queue on the journal: at-least-once, with visibility timeout, delay and dead letters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, LiteralString

from shared.adapters.embedded.journal import Journal
from shared.adapters.encoding import queue_body
from shared.clock import Clock
from shared.ports import JsonObject

BATCH: Final = 10
RETRIES: Final = 3
VISIBILITY: Final = timedelta(minutes=15)
"""How long a consumer may take, as on Cloudflare; then the message is delivered again."""

_SCRIPT: Final = (
    """CREATE TABLE queue_message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        body TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        sent_at REAL NOT NULL,
        visible_at REAL NOT NULL
    )""",
    "CREATE INDEX queue_message_due ON queue_message (queue, visible_at, id)",
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message handed to a consumer: `attempts` counts this delivery too."""

    id: int
    body: object
    attempts: int
    sent_at: float


class JournalQueue:
    """One named queue. After its last retry a message moves to `dead_letters`, if there is one."""

    def __init__(
        self,
        journal: Journal,
        name: str,
        *,
        clock: Clock,
        dead_letters: str | None = None,
        retries: int = RETRIES,
    ) -> None:
        journal.ensure("queue", _SCRIPT)
        self.journal = journal
        self.name = name
        self.clock = clock
        self.dead_letters = dead_letters
        self.retries = retries

    async def send(self, message: JsonObject, /, *, delay: timedelta = timedelta(0)) -> None:
        """Accept one message."""
        self._insert([queue_body(message)], delay)

    async def send_batch(self, messages: Sequence[JsonObject], /) -> None:
        """Accept all the messages, or none."""
        self._insert([queue_body(message) for message in messages], timedelta(0))

    def receive(
        self, *, limit: int = BATCH, visibility: timedelta = VISIBILITY
    ) -> Sequence[Delivery]:
        """Lease up to `limit` due messages; those not acknowledged in time come back."""
        with self.journal.transaction():
            self._bury("attempts > ? AND visible_at <= ?", self.retries, self._now())
            return [self._lease(int(row["id"]), visibility) for row in self._due(limit)]

    def release(self) -> None:
        """Deliver again, now, what a consumer that is dead had taken; only where no other lives."""
        now = self._now()
        with self.journal.transaction():
            self.journal.execute(
                "UPDATE queue_message SET visible_at = ?"
                " WHERE queue = ? AND visible_at > ? AND attempts > 0",
                now,
                self.name,
                now,
            )

    def ack(self, *deliveries: Delivery) -> None:
        """Remove messages that were dealt with, in one commit."""
        with self.journal.transaction():
            self.journal.execute_many(
                "DELETE FROM queue_message WHERE id = ?", [(one.id,) for one in deliveries]
            )

    def retry(self, delivery: Delivery, *, delay: timedelta = timedelta(0)) -> None:
        """Give a message back; without a retry left it goes to the dead letters."""
        with self.journal.transaction():
            mine = self.journal.execute(
                "UPDATE queue_message SET visible_at = ? WHERE id = ? AND attempts = ?",
                self._now() + delay.total_seconds(),
                delivery.id,
                delivery.attempts,
            )
            if mine:  # else its lease ended and another consumer has it
                self._bury("attempts > ? AND id = ?", self.retries, delivery.id)

    def depth(self) -> int:
        """Return how many messages the queue holds, leased ones included."""
        row = self.journal.row("SELECT count(*) FROM queue_message WHERE queue = ?", self.name)
        return int(row[0]) if row else 0

    def _insert(self, bodies: Sequence[str], delay: timedelta) -> None:
        now = self._now()
        with self.journal.transaction():
            self.journal.execute_many(
                "INSERT INTO queue_message (queue, body, sent_at, visible_at) VALUES (?, ?, ?, ?)",
                [(self.name, body, now, now + delay.total_seconds()) for body in bodies],
            )

    def _due(self, limit: int) -> Sequence[JsonObject]:
        rows = self.journal.rows(
            "SELECT id FROM queue_message WHERE queue = ? AND visible_at <= ?"
            " ORDER BY visible_at, id LIMIT ?",
            self.name,
            self._now(),
            limit,
        )
        return [dict(row) for row in rows]

    def _lease(self, message_id: int, visibility: timedelta) -> Delivery:
        row = self.journal.row(
            "UPDATE queue_message SET attempts = attempts + 1, visible_at = ? WHERE id = ?"
            " RETURNING body, attempts, sent_at",
            self._now() + visibility.total_seconds(),
            message_id,
        )
        if row is None:  # inside one transaction the row cannot vanish
            raise LookupError(message_id)
        return Delivery(message_id, json.loads(row["body"]), int(row["attempts"]), row["sent_at"])

    def _bury(self, condition: LiteralString, *values: float) -> None:
        if self.dead_letters is None:
            sql = "DELETE FROM queue_message WHERE queue = ? AND " + condition
            self.journal.execute(sql, self.name, *values)
        else:
            sql = "UPDATE queue_message SET queue = ?, attempts = 0 WHERE queue = ? AND "
            self.journal.execute(sql + condition, self.dead_letters, self.name, *values)

    def _now(self) -> float:
        return self.clock.now().timestamp()
