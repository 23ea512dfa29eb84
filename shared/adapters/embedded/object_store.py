"""The object store as a directory: readable file names, and an index that makes writes atomic."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from shared import limits
from shared.adapters.embedded.journal import Journal
from shared.clock import Clock, SystemClock, format_instant, parse_instant
from shared.errors import InvalidInput, NotFound, PreconditionFailed
from shared.ports import ObjectInfo, ObjectPage

KEY_BYTES: Final = 1024
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._=-]")
_STRAY_AFTER: Final = timedelta(days=1)

_SCRIPT: Final = (
    """CREATE TABLE object (
        key BLOB PRIMARY KEY,
        file TEXT NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        content_type TEXT NOT NULL,
        metadata TEXT NOT NULL,
        uploaded_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class _Written:
    file: str
    size: int
    etag: str


class DirectoryObjectStore:
    """A bucket in a directory.

    A body is written under a name that no other write uses and becomes the object when its row is
    committed, so a reader sees the old object or the new one, whole. The index decides what a key
    means; the file's name only resembles the key, so no key can lead out of the directory.
    """

    def __init__(self, root: Path, *, clock: Clock | None = None) -> None:
        self.root = root
        self.clock = clock or SystemClock()
        self.index = Journal(root / "index.sqlite")
        self.index.ensure("objects", _SCRIPT)

    async def head(self, key: str, /) -> ObjectInfo | None:
        """Return what is known of the object, or None."""
        row = self._row(key)
        return _object(row) if row else None

    async def get(self, key: str, /) -> bytes | None:
        """Return a small object whole, or None."""
        if (row := self._row(key)) is None:
            return None
        with self._open(row) as file:
            return file.read()

    async def read_range(self, key: str, /, *, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; empty at or past the end."""
        with self._open(self._existing(key)) as file:
            file.seek(offset)
            return file.read(length)

    async def stream(self, key: str, /) -> AsyncIterator[bytes]:
        """Yield the object in chunks. Raises NotFound."""
        with self._open(self._existing(key)) as file:
            while chunk := file.read(limits.MIB):
                yield chunk

    async def put(
        self,
        key: str,
        body: bytes,
        /,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> ObjectInfo:
        """Write an object whole."""
        if if_absent and self._row(key) is not None:
            raise PreconditionFailed(f"object {key!r} exists")

        async def once() -> AsyncIterator[bytes]:
            yield body

        written = await self._write(key, once())
        return self._commit(key, written, content_type, metadata, if_absent=if_absent)

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterator[bytes],
        /,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write an object of any size; nothing is visible unless all of it arrived."""
        written = await self._write(key, chunks)
        return self._commit(key, written, content_type, metadata, if_absent=False)

    async def delete(self, key: str, /) -> None:
        """Remove the object; removing what is absent is no error."""
        if (row := self._row(key)) is not None:
            self.index.execute("DELETE FROM object WHERE key = ?", key.encode())
            (self.root / row["file"]).unlink(missing_ok=True)

    async def list(
        self, *, prefix: str = "", cursor: str | None = None, limit: int = 1000
    ) -> ObjectPage:
        """Return one page of keys in lexicographic order of their UTF-8 bytes."""
        start = prefix.encode()
        rows = self.index.rows(
            "SELECT * FROM object WHERE key >= ? AND (? IS NULL OR key > ?)"
            " AND substr(key, 1, ?) = ? ORDER BY key LIMIT ?",
            start,
            cursor,
            (cursor or "").encode(),
            len(start),
            start,
            limit + 1,
        )
        objects = tuple(_object(row) for row in rows[:limit])
        return ObjectPage(objects, objects[-1].key if len(rows) > limit else None)

    def sweep(self) -> int:
        """Remove files of writes that a crash cut off more than a day ago; return how many."""
        known = {row["file"] for row in self.index.rows("SELECT file FROM object")}
        oldest = (self.clock.now() - _STRAY_AFTER).timestamp()
        strays = [
            path
            for path in self.root.rglob("*~*")
            if path.is_file()
            and path.relative_to(self.root).as_posix() not in known
            and path.stat().st_mtime < oldest
        ]
        for path in strays:
            path.unlink(missing_ok=True)
        return len(strays)

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    async def _write(self, key: str, chunks: AsyncIterator[bytes]) -> _Written:
        name = _file_name(key)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.blake2b(digest_size=16)
        size = 0
        try:
            with path.open("xb") as file:
                async for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return _Written(name, size, digest.hexdigest())

    def _commit(
        self,
        key: str,
        written: _Written,
        content_type: str,
        metadata: Mapping[str, str] | None,
        *,
        if_absent: bool,
    ) -> ObjectInfo:
        with self.index.transaction():
            old = self._row(key)
            if not (if_absent and old):
                self.index.execute(
                    "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?)",
                    key.encode(),
                    written.file,
                    written.size,
                    written.etag,
                    content_type,
                    json.dumps(dict(metadata or {})),
                    format_instant(self.clock.now()),
                )
        if if_absent and old:
            (self.root / written.file).unlink()
            raise PreconditionFailed(f"object {key!r} exists")
        if old:
            with suppress(FileNotFoundError):
                (self.root / old["file"]).unlink()
        return _object(self._existing(key))

    def _open(self, row: sqlite3.Row) -> BinaryIO:
        return Path(self.root, row["file"]).open("rb")

    def _row(self, key: str) -> sqlite3.Row | None:
        return self.index.row("SELECT * FROM object WHERE key = ?", key.encode())

    def _existing(self, key: str) -> sqlite3.Row:
        if (row := self._row(key)) is None:
            raise NotFound(f"there is no object {key!r}")
        return row


def _object(row: sqlite3.Row) -> ObjectInfo:
    return ObjectInfo(
        key=row["key"].decode(),
        size=row["size"],
        etag=row["etag"],
        content_type=row["content_type"],
        uploaded_at=parse_instant(row["uploaded_at"]),
        metadata=json.loads(row["metadata"]),
    )


def _file_name(key: str) -> str:
    if not key or len(key.encode()) > KEY_BYTES:
        raise InvalidInput(f"an object key has 1 to {KEY_BYTES} bytes")
    parts = [_UNSAFE.sub("_", part)[:80].lstrip(".") or "_" for part in key.split("/")]
    return "/".join(parts[-8:]) + "~" + uuid.uuid4().hex[:12]
