"""The cache on the journal: values with a time to live, as small as a cache may be."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Final

from shared.adapters.embedded.journal import Journal
from shared.clock import Clock
from shared.ports import Json

TTL_MIN: Final = timedelta(minutes=1)
"""KV refuses less, so nothing may come to rely on less here."""
ENTRIES_KEPT: Final = 10_000

_SCRIPT: Final = (
    """CREATE TABLE cache_entry (
        key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL NOT NULL
    )""",
    "CREATE INDEX cache_entry_expiry ON cache_entry (expires_at)",
)


class JournalCache:
    """Forgets what has expired, and beyond 10,000 entries what would expire next."""

    def __init__(self, journal: Journal, *, clock: Clock) -> None:
        journal.ensure("cache", _SCRIPT)
        self.journal = journal
        self.clock = clock

    async def get(self, key: str, /) -> Json:
        """Return the value, or None."""
        row = self.journal.row(
            "SELECT value FROM cache_entry WHERE key = ? AND expires_at > ?",
            key,
            self.clock.now().timestamp(),
        )
        value: Json = json.loads(row["value"]) if row else None
        return value

    async def put(self, key: str, value: Json, /, *, ttl: timedelta) -> None:
        """Keep the value for `ttl`, at least a minute."""
        self._put(key, value, (self.clock.now() + max(ttl, TTL_MIN)).timestamp())

    def _put(self, key: str, value: Json, expires_at: float) -> None:
        now = self.clock.now()
        with self.journal.transaction():
            self.journal.execute(
                "INSERT OR REPLACE INTO cache_entry VALUES (?, ?, ?)",
                key,
                json.dumps(value, allow_nan=False),
                expires_at,
            )
            self.journal.execute(
                "DELETE FROM cache_entry WHERE expires_at <= ? OR key IN"
                " (SELECT key FROM cache_entry ORDER BY expires_at DESC LIMIT -1 OFFSET ?)",
                now.timestamp(),
                ENTRIES_KEPT,
            )

    async def delete(self, key: str, /) -> None:
        """Forget the value."""
        self.journal.execute("DELETE FROM cache_entry WHERE key = ?", key)

    async def keep(self, key: str, value: Json, /) -> None:
        """Keep the value until it is replaced; None forgets it."""
        if value is None:
            await self.delete(key)
        else:
            self._put(key, value, math.inf)
