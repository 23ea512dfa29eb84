"""The journal: one SQLite file in which the local platform keeps what must survive a crash."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

from shared.errors import SettingsInvalid

Value = None | int | float | str | bytes
_MEMORY = ":memory:"


class Journal:
    """An open journal. Each part brings its own tables, versioned by the length of its script.

    A commit is on the disk when it returns (WAL with full synchronisation), because a stream that
    has accepted an event and a queue that has accepted a message promise to keep it.
    """

    def __init__(self, path: Path | str) -> None:
        if str(path) != _MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path = str(path)
        self._connection = sqlite3.connect(
            self.path, isolation_level=None, timeout=10, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        self.execute(
            "CREATE TABLE IF NOT EXISTS journal_part (part TEXT PRIMARY KEY, version INTEGER)"
        )

    def ensure(self, part: str, script: Sequence[LiteralString]) -> None:
        """Bring the tables of a part up to date.

        Args:
            part: Whose tables these are.
            script: Every statement ever needed, in order; only ever appended to.

        Raises:
            SettingsInvalid: The file was written by a newer version of the program.
        """
        with self.transaction():
            row = self.row("SELECT version FROM journal_part WHERE part = ?", part)
            version = int(row["version"]) if row else 0
            if version > len(script):
                raise SettingsInvalid(
                    f"{self.path}: part {part!r} has version {version}, this program knows "
                    f"{len(script)}; use the newer program or another state directory"
                )
            for statement in script[version:]:
                self.execute(statement)
            self.execute(
                "INSERT INTO journal_part VALUES (?, ?)"
                " ON CONFLICT (part) DO UPDATE SET version = excluded.version",
                part,
                len(script),
            )

    def execute(self, sql: LiteralString, *values: Value) -> int:
        """Run a statement; return how many rows it touched."""
        return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: LiteralString, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement once per row."""
        self._connection.executemany(sql, rows)

    def rows(self, sql: LiteralString, *values: Value) -> list[sqlite3.Row]:
        """Return every row."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: LiteralString, *values: Value) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or roll it back if the block raises. Never await inside."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
