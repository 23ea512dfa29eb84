"""The contract of `Databases` and `Database`, over the pool and over Hyperdrive's adapter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from shared import limits
from shared.adapters.cloudflare.database import HyperdriveDatabases
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.errors import (
    Conflict,
    Contended,
    DomainError,
    InvalidInput,
    RowTaken,
    Unavailable,
)
from shared.ports import Database, Databases


def hyperdrive_binding(url: str) -> SimpleNamespace:
    """What workerd gives a Worker for its HYPERDRIVE binding."""
    parts = urlsplit(url)
    return SimpleNamespace(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        database=parts.path[1:],
    )


@pytest_asyncio.fixture(params=["embedded", "cloudflare"], loop_scope="session")
async def opened(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Databases]:
    if request.param == "cloudflare":
        yield HyperdriveDatabases(hyperdrive_binding(database_url))
        return
    pool = AsyncpgDatabases(database_url)
    yield pool
    await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(opened: Databases) -> AsyncIterator[Database]:
    async with opened.open() as connection:
        await connection.execute("CREATE TABLE thing (id TEXT PRIMARY KEY, n BIGINT CHECK (n > 0))")
        yield connection


async def ids(database: Database) -> list[str]:
    rows = await database.fetch_all("SELECT id FROM thing ORDER BY id")
    return [row["id"] for row in rows]


class TestQueries:
    """Rows come back with Python values; counts are those of the server."""

    async def test_values_keep_their_types(self, database: Database) -> None:
        at = datetime(2026, 11, 20, 6, tzinfo=UTC)
        row = await database.fetch_one(
            "SELECT $1::text AS t, $2::numeric AS m, $3::timestamptz AS at, $4::boolean AS b",
            "caf\u00e9 \U0001f600",
            Decimal("12.3400"),
            at,
            True,
        )
        assert row is not None
        assert dict(row) == {
            "t": "caf\u00e9 \U0001f600",
            "m": Decimal("12.34"),
            "at": at,
            "b": True,
        }

    async def test_json_is_written_as_text_and_read_as_values(self, database: Database) -> None:
        value = {"a": [1, None, "x"], "b": {"c": True}}
        assert await database.fetch_value("SELECT $1::jsonb", json.dumps(value)) == value
        assert await database.fetch_value("SELECT $1::json", json.dumps("text")) == "text"
        assert await database.fetch_value("SELECT NULL::jsonb") is None

    async def test_json_arrays_of_parameters(self, database: Database) -> None:
        rows = await database.fetch_all("SELECT unnest($1::jsonb[]) AS v", ['{"a": 1}', "[2]"])
        assert [row["v"] for row in rows] == [{"a": 1}, [2]]

    async def test_nothing_found(self, database: Database) -> None:
        assert await database.fetch_all("SELECT 1 WHERE false") == []
        assert await database.fetch_one("SELECT 1 WHERE false") is None
        assert await database.fetch_value("SELECT 1 WHERE false") is None

    async def test_execute_counts_rows(self, database: Database) -> None:
        insert = "INSERT INTO thing SELECT unnest($1::text[]), 1"
        assert await database.execute(insert, ["a", "b", "c"]) == 3
        assert await database.execute("UPDATE thing SET n = 2 WHERE id > $1", "a") == 2
        assert await database.execute("DELETE FROM thing WHERE id = 'zz'") == 0
        assert await database.execute("CREATE TABLE other (id TEXT)") == 0

    async def test_a_result_above_the_limit_is_refused(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "ROWS_PER_STATEMENT", 10)
        assert len(await database.fetch_all("SELECT generate_series(1, 10)")) == 10
        with pytest.raises(DomainError, match="paged"):
            await database.fetch_all("SELECT generate_series(1, 11)")


class TestTransactions:
    """All of a block, or nothing of it."""

    async def test_commits(self, database: Database, opened: Databases) -> None:
        async with database.transaction():
            await database.execute("INSERT INTO thing VALUES ('a', 1)")
            async with opened.open() as other:
                assert await ids(other) == []
        async with opened.open() as other:
            assert await ids(other) == ["a"]

    async def test_rolls_back_when_the_block_raises(self, database: Database) -> None:
        with pytest.raises(RuntimeError, match="no"):
            async with database.transaction():
                await database.execute("INSERT INTO thing VALUES ('a', 1)")
                raise RuntimeError("no")
        assert await ids(database) == []

    async def test_rolls_back_when_cancelled(self, database: Database) -> None:
        async def work() -> None:
            async with database.transaction():
                await database.execute("INSERT INTO thing VALUES ('a', 1)")
                await database.execute("SELECT pg_sleep(30)")

        task = asyncio.create_task(work())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ids(database) == []

    async def test_an_inner_block_rolls_back_alone(self, database: Database) -> None:
        async with database.transaction():
            await database.execute("INSERT INTO thing VALUES ('a', 1)")
            with pytest.raises(Conflict):
                async with database.transaction():
                    await database.execute("INSERT INTO thing VALUES ('b', 1)")
                    await database.execute("INSERT INTO thing VALUES ('a', 1)")
            await database.execute("INSERT INTO thing VALUES ('c', 1)")
        assert await ids(database) == ["a", "c"]

    async def test_a_swallowed_failure_is_not_taken_for_a_commit(self, database: Database) -> None:
        with pytest.raises(DomainError, match="rolled back"):
            async with database.transaction():
                await database.execute("INSERT INTO thing VALUES ('a', 1)")
                with pytest.raises(Conflict):
                    await database.execute("INSERT INTO thing VALUES ('a', 1)")
        assert await ids(database) == []

    async def test_no_setting_outlives_the_transaction(self, database: Database) -> None:
        before = await database.fetch_value("SHOW statement_timeout")
        async with database.transaction():
            assert await database.fetch_value("SHOW statement_timeout") == "20s"
        assert await database.fetch_value("SHOW statement_timeout") == before


class TestErrors:
    """What the driver raises arrives as an error of the domain."""

    async def test_a_taken_key_is_a_conflict(self, database: Database) -> None:
        await database.execute("INSERT INTO thing VALUES ('a', 1)")
        with pytest.raises(RowTaken, match="thing"):
            await database.execute("INSERT INTO thing VALUES ('a', 2)")

    @pytest.mark.parametrize(
        ("sql", "value"),
        [
            ("SELECT $1::text", "nul \x00"),
            ("SELECT $1::text", "lone \ud800"),
            ("SELECT $1::jsonb", '"nul \\u0000"'),
            ("SELECT $1::jsonb", "{not json"),
            ("SELECT $1::bigint", "seven"),
            ("SELECT $1::text::bigint", "seven"),
            ("SELECT $1::bigint", 2**70),
            ("INSERT INTO thing VALUES ('a', $1)", -1),
        ],
    )
    async def test_a_value_that_cannot_be_stored(
        self, database: Database, sql: str, value: object
    ) -> None:
        with pytest.raises(InvalidInput):
            await database.execute(sql, value)
        assert await database.fetch_value("SELECT 1") == 1

    async def test_a_deadlock_can_be_tried_again(
        self, database: Database, opened: Databases
    ) -> None:
        await database.execute("INSERT INTO thing VALUES ('a', 1), ('b', 1)")
        met = asyncio.Barrier(2)

        async def lock(first: str, second: str) -> None:
            async with opened.open() as one, one.transaction():
                await one.execute("UPDATE thing SET n = 2 WHERE id = $1", first)
                await met.wait()
                await one.execute("UPDATE thing SET n = 2 WHERE id = $1", second)

        outcomes = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)
        lost = [outcome for outcome in outcomes if outcome is not None]
        assert len(lost) == 1
        assert isinstance(lost[0], Contended)
        assert lost[0].retryable
        assert lost[0].headers["Retry-After"] == "1"

    async def test_a_statement_that_takes_too_long(self, database: Database) -> None:
        with pytest.raises(Unavailable) as caught:
            async with database.transaction():
                await database.execute("SET LOCAL statement_timeout = '50ms'")
                await database.execute("SELECT pg_sleep(5)")
        assert caught.value.headers["Retry-After"] == "5"

    async def test_a_connection_that_is_cut(self, opened: Databases) -> None:
        async with opened.open() as first, opened.open() as second:
            pid = await first.fetch_value("SELECT pg_backend_pid()")
            await second.execute("SELECT pg_terminate_backend($1)", pid)
            with pytest.raises(Unavailable):
                await first.fetch_value("SELECT 1")
            with pytest.raises(Unavailable):
                await first.fetch_value("SELECT 1")
        async with opened.open() as third:
            assert await third.fetch_value("SELECT 1") == 1

    async def test_a_fault_of_our_own_sql_is_not_hidden(self, database: Database) -> None:
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.execute("SELECT * FROM no_such_table")


class TestUnreachable:
    """No server, no database, wrong password: Unavailable, never a driver's error."""

    @pytest.mark.parametrize("kind", ["embedded", "cloudflare"])
    @pytest.mark.parametrize("fault", ["port", "database", "password"])
    async def test_unavailable(self, database_url: str, kind: str, fault: str) -> None:
        binding = hyperdrive_binding(database_url)
        changes = {"port": 1, "database": "no_such_database", "password": "wrong"}
        setattr(binding, fault, changes[fault])
        databases: Databases = HyperdriveDatabases(binding)
        if kind == "embedded":
            databases = AsyncpgDatabases(
                f"postgres://{binding.user}:{binding.password}@{binding.host}:{binding.port}"
                f"/{binding.database}?sslmode=disable"
            )
        with pytest.raises(Unavailable) as caught:
            async with databases.open():
                pytest.fail("connected")
        assert caught.value.headers["Retry-After"] == "5"


async def test_hyperdrive_keeps_no_connection_open(database_url: str, opened: Databases) -> None:
    databases = HyperdriveDatabases(hyperdrive_binding(database_url))
    async with databases.open() as database:
        pid = await database.fetch_value("SELECT pg_backend_pid()")
    async with opened.open() as other:
        for _ in range(100):
            alive = await other.fetch_value(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid
            )
            if alive == 0:
                return
            await asyncio.sleep(0.01)
    pytest.fail("the connection is still open")
