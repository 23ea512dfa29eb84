"""Databases over a local pool of asyncpg connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from shared.adapters.postgresql import (
    COMMAND_TIMEOUT,
    CONNECT_TIMEOUT,
    PostgresqlDatabase,
    prepare_connection,
    translated,
)
from shared.ports import Database


class AsyncpgDatabases:
    """A pool that opens with its first use; `close` it at the end of the process."""

    def __init__(self, url: str, *, max_size: int = 10) -> None:
        self._url = url
        self._max_size = max_size
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        """Hold one connection of the pool for the block."""
        pool = await self._opened()
        with translated():
            connection = await pool.acquire(timeout=CONNECT_TIMEOUT)
        try:
            yield PostgresqlDatabase(connection)
        finally:
            with translated():
                await pool.release(connection)

    async def close(self) -> None:
        """Close every connection; the next use opens the pool again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _opened(self) -> asyncpg.Pool[Any]:
        async with self._opening:
            if self._pool is None:
                with translated():
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=1,
                        max_size=self._max_size,
                        init=prepare_connection,
                        command_timeout=COMMAND_TIMEOUT,
                        timeout=CONNECT_TIMEOUT,
                    )
            return self._pool
