"""PostgreSQL through asyncpg: the queries and the errors, the same on both runtimes.

Nothing here sets session state, for behind Hyperdrive every transaction may run on another
connection of the origin: timeouts are `SET LOCAL`, codecs are the client's own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, LiteralString, Protocol

import asyncpg

from shared import limits
from shared.errors import Contended, DomainError, InvalidInput, RowTaken, Unavailable
from shared.ports import Row

COMMAND_TIMEOUT: Final = limits.TRANSACTION_TIMEOUT.total_seconds()
CONNECT_TIMEOUT: Final = 10.0

_BEGIN: Final = (
    f"BEGIN; SET LOCAL statement_timeout = '{int(COMMAND_TIMEOUT)}s';"
    f" SET LOCAL idle_in_transaction_session_timeout = '{int(COMMAND_TIMEOUT)}s'"
)
_TRANSACTION: Final = (_BEGIN, "COMMIT", "ROLLBACK")
_NESTED: Final = ("SAVEPOINT nested", "RELEASE nested", "ROLLBACK TO nested")

_TAKEN: Final = (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError)
_CONTENDED: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
_UNAVAILABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,  # shutdown, starting up, cancelled by a timeout
    asyncpg.ReadOnlySQLTransactionError,  # a replica after a failover
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InternalClientError,  # the protocol broke off in the middle of an answer
    OSError,  # includes TimeoutError and every connection error
)
_INVALID: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


class Connection(Protocol):
    """What is used of an asyncpg connection, pooled or not."""

    def fetch(self, query: str, /, *args: object) -> Any:
        """Return the rows."""
        ...

    def execute(self, query: str, /, *args: object) -> Any:
        """Return the status text, such as `INSERT 0 5`."""
        ...

    def is_in_transaction(self) -> bool:
        """Return whether a transaction is open."""
        ...

    def is_closed(self) -> bool:
        """Return whether the connection is gone."""
        ...


class PostgresqlDatabase:
    """A `Database` over one asyncpg connection. JSON is written as text and read as values."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch_all(self, sql: LiteralString, /, *args: object) -> Sequence[Row]:
        """Return every row.

        Raises:
            DomainError: There are more than `limits.ROWS_PER_STATEMENT`; the query must page.
        """
        with translated(self._connection):
            rows: Sequence[Row] = await self._connection.fetch(sql, *args)
        if len(rows) > limits.ROWS_PER_STATEMENT:
            raise DomainError(f"a query returned {len(rows)} rows; it must be paged")
        return rows

    async def fetch_one(self, sql: LiteralString, /, *args: object) -> Row | None:
        """Return the first row, or None."""
        rows = await self.fetch_all(sql, *args)
        return rows[0] if rows else None

    async def fetch_value(self, sql: LiteralString, /, *args: object) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.fetch_one(sql, *args)
        return None if row is None else next(iter(row.values()))

    async def execute(self, sql: LiteralString, /, *args: object) -> int:
        """Run a statement; return how many rows it touched."""
        with translated(self._connection):
            status: str = await self._connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit what is done inside, or roll it back if the block raises; may be nested."""
        connection = self._connection
        begin, commit, rollback = _NESTED if connection.is_in_transaction() else _TRANSACTION
        with translated(connection):
            await connection.execute(begin)
        try:
            yield
        except BaseException:
            if not _is_lost(connection):
                # A connection that cannot roll back is lost, and with it the transaction.
                with contextlib.suppress(
                    asyncpg.InterfaceError, asyncpg.PostgresError, *_UNAVAILABLE
                ):
                    await connection.execute(rollback)
            raise
        with translated(connection):
            # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.
            if await connection.execute(commit) == "ROLLBACK":
                raise DomainError("the transaction had failed and was rolled back")


async def prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    """Make a new connection read JSON as values; this is the client's and asks the server nothing.

    Parameters of type json and jsonb are JSON text.
    """
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=str, decoder=json.loads, format="text"
        )


@contextlib.contextmanager
def translated(connection: Connection | None = None) -> Iterator[None]:
    """Turn what the driver raises into the errors of the domain; faults of our SQL stay as is."""
    try:
        yield
    except _TAKEN as error:
        raise RowTaken(f"{error.table_name} has such a row already") from error
    except _CONTENDED as error:
        raise Contended("another writer was in the way", headers={"Retry-After": "1"}) from error
    except _UNAVAILABLE as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(f"PostgreSQL: {reason}", headers={"Retry-After": "5"}) from error
    except _INVALID as error:
        raise InvalidInput(f"PostgreSQL cannot store a value: {error}") from error
    except asyncpg.InterfaceError as error:
        raise _of_client(error, connection) from error


def _of_client(error: asyncpg.InterfaceError, connection: Connection | None) -> Exception:
    if isinstance(error, ValueError):  # asyncpg's own DataError: a value its codec cannot encode
        return InvalidInput(f"PostgreSQL cannot store a value: {error}")
    if connection is None or _is_lost(connection):
        return Unavailable(f"PostgreSQL: {error}", headers={"Retry-After": "5"})
    return error


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has already taken a broken connection back
        return True
