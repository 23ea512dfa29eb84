"""Databases over Hyperdrive: one asyncpg connection for each request or step."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

import asyncpg

from shared.adapters.postgresql import (
    COMMAND_TIMEOUT,
    CONNECT_TIMEOUT,
    PostgresqlDatabase,
    prepare_connection,
    translated,
)
from shared.ports import Database

_CLOSE_TIMEOUT = 5.0


class HyperdriveBinding(Protocol):
    """What the `HYPERDRIVE` binding says of where to connect."""

    host: str
    port: int
    user: str
    password: str
    database: str


class HyperdriveDatabases:
    """Opens a connection per block and closes it.

    Hyperdrive keeps the pool, and a Worker's socket must not outlive the request that opened it.
    """

    def __init__(self, binding: HyperdriveBinding) -> None:
        self._binding = binding

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Database]:
        """Hold a connection of its own for the block."""
        binding = self._binding
        with translated():
            connection = await asyncpg.connect(
                host=str(binding.host),
                port=int(binding.port),
                user=str(binding.user),
                password=str(binding.password),
                database=str(binding.database),
                ssl=False,  # TLS to the origin is Hyperdrive's
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMAND_TIMEOUT,
                max_cached_statement_lifetime=0,  # no timer for each: the connection is short
            )
        try:
            await prepare_connection(connection)
            yield PostgresqlDatabase(connection)
        finally:
            # A connection that cannot say goodbye was lost; asyncpg has then dropped the socket.
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.close(timeout=_CLOSE_TIMEOUT)
