"""Watermarks in a Durable Object: the object itself, and the port over its RPC.

What crosses the RPC is text and numbers only: datetimes lose their zone there, integers their type
and errors their class.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from shared.adapters.cloudflare.errors import unavailable
from shared.adapters.watermarks import SqliteWatermarks
from shared.clock import SystemClock, format_instant, parse_instant
from shared.errors import InvalidInput
from shared.ports import JsonObject, Lease
from workers import DurableObject

SINGLETON: Final = "watermarks"


class ObjectStorage:
    """The SQLite database of a Durable Object."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql

    def ensure(self, _part: str, script: Sequence[LiteralString]) -> None:
        """Run the statements of a script that have not run yet."""
        self.execute("CREATE TABLE IF NOT EXISTS script_version (version INTEGER NOT NULL)")
        done = self.row("SELECT max(version) AS version FROM script_version")["version"] or 0
        for statement in script[done:]:
            self.execute(statement)
        if done < len(script):
            self.execute("INSERT INTO script_version VALUES (?)", len(script))

    def execute(self, sql: LiteralString, /, *values: str | int | None) -> int:
        """Run a statement; return how many rows it wrote."""
        return int(self._sql.exec(sql, *values).rowsWritten)

    def rows(self, sql: LiteralString, /, *values: str | int | None) -> Sequence[Any]:
        """Return every row."""
        rows: Sequence[Any] = self._sql.exec(sql, *values).toArray()
        return rows

    def row(self, sql: LiteralString, /, *values: str | int | None) -> Any:
        """Return the first row, or None."""
        return next(iter(self.rows(sql, *values)), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do nothing: what an object writes between two awaits is committed as one."""
        yield


class WatermarkDO(DurableObject):  # type: ignore[misc]
    """The singleton: one method per question, named and typed so that RPC keeps them."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.watermarks = SqliteWatermarks(ObjectStorage(self.ctx.storage.sql), clock=SystemClock())

    async def read(self, key: str) -> str | None:
        """Return the watermark as RFC 3339, or None."""
        at = await self.watermarks.read(key)
        return None if at is None else format_instant(at)

    async def advance(self, key: str, to: str) -> str:
        """Move the watermark forward and return it."""
        return format_instant(await self.watermarks.advance(key, parse_instant(to)))

    async def acquire(self, name: str, run_id: str, seconds: float) -> dict[str, str]:
        """Lease a name, or return the lease that another holds."""
        lease = await self.watermarks.acquire(name, run_id, ttl=timedelta(seconds=seconds))
        return {"held_by": lease.held_by, "expires_at": format_instant(lease.expires_at)}

    async def release(self, name: str, run_id: str) -> None:
        """Give a lease up."""
        await self.watermarks.release(name, run_id)

    async def record_run(self, summary: str) -> None:
        """Insert or merge a run summary, given as JSON text."""
        await self.watermarks.record_run(json.loads(summary))

    async def find_runs(self, run_id: str | None, limit: int, before: str | None) -> str:
        """Return the named run, or a page of runs, as JSON text."""
        if run_id is None:
            return json.dumps(list(await self.watermarks.runs(limit=int(limit), before=before)))
        found = await self.watermarks.run(run_id)
        return json.dumps([found] if found else [])


class DurableWatermarks:
    """The port: asks the singleton."""

    def __init__(self, namespace: Any, name: str = SINGLETON) -> None:
        self._namespace = namespace
        self._name = name

    async def read(self, key: str, /) -> datetime | None:
        """Return the watermark, or None before the first run."""
        at = await self._ask("read", key)
        return parse_instant(at) if at else None

    async def advance(self, key: str, to: datetime, /) -> datetime:
        """Move the watermark forward and return it; an earlier instant changes nothing."""
        return parse_instant(await self._ask("advance", key, format_instant(to)))

    async def acquire(self, name: str, run_id: str, /, *, ttl: timedelta) -> Lease:
        """Lease `name` for a run, or return the lease that another holds. Renews its own."""
        lease = await self._ask("acquire", name, run_id, ttl.total_seconds())
        return Lease(lease["held_by"], parse_instant(lease["expires_at"]))

    async def release(self, name: str, run_id: str, /) -> None:
        """Give the lease up if this run holds it."""
        await self._ask("release", name, run_id)

    async def record_run(self, summary: JsonObject, /) -> None:
        """Insert or merge a run summary by `summary["run_id"]`; keeps the last 500."""
        if not isinstance(summary.get("run_id"), str):
            raise InvalidInput("a run summary needs its run_id")
        await self._ask("record_run", json.dumps(summary))

    async def run(self, run_id: str, /) -> JsonObject | None:
        """Return one summary, or None."""
        found = json.loads(await self._ask("find_runs", run_id, 1, None))
        return found[0] if found else None

    async def runs(self, *, limit: int, before: str | None = None) -> Sequence[JsonObject]:
        """Return summaries, newest `started_at` first, older than the run `before`."""
        found: list[JsonObject] = json.loads(await self._ask("find_runs", None, limit, before))
        return found

    async def _ask(self, method: str, *arguments: str | float | None) -> Any:
        with unavailable("WatermarkDO"):
            return await getattr(self._namespace.getByName(self._name), method)(*arguments)
