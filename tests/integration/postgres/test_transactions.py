"""A transaction is tried again when another writer was in the way, and only then."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.errors import Conflict, Contended, DomainError, NotFound, RowTaken
from shared.ports import Database
from shared.transactions import in_transaction

TIMES = 4
INSERT = "INSERT INTO ledger_account (id, owner_id, kind, currency) VALUES ($1, $1, 'k', 'EUR')"


async def written(databases: AsyncpgDatabases) -> list[str]:
    async with databases.open() as db:
        rows = await db.fetch_all("SELECT id FROM ledger_account ORDER BY id")
    return [row["id"] for row in rows]


async def attempts(
    databases: AsyncpgDatabases, fails: Callable[[int], DomainError | None]
) -> tuple[int, DomainError | None]:
    """Return how often an action that writes was tried, and what it ended with."""
    tried = count(1)
    last = 0

    async def act(db: Database) -> None:
        nonlocal last
        last = next(tried)
        await db.execute(INSERT, f"acc_{last}")
        if error := fails(last):
            raise error

    async with databases.open() as db:
        try:
            await in_transaction(db, lambda: act(db))
        except DomainError as error:
            return last, error
    return last, None


@pytest.mark.parametrize("kind", [Conflict, NotFound])
async def test_what_the_action_found_is_raised_at_once(
    databases: AsyncpgDatabases, kind: type[DomainError]
) -> None:
    tried, error = await attempts(databases, lambda _: kind("as it stands"))
    assert (tried, type(error)) == (1, kind)
    assert await written(databases) == []


@pytest.mark.parametrize("kind", [Contended, RowTaken])
async def test_another_writer_is_waited_for(
    databases: AsyncpgDatabases, kind: type[DomainError]
) -> None:
    assert await attempts(databases, lambda n: kind() if n < TIMES else None) == (TIMES, None)
    assert await written(databases) == [f"acc_{TIMES}"]


@pytest.mark.parametrize("kind", [Contended, RowTaken])
async def test_another_writer_is_not_waited_for_without_end(
    databases: AsyncpgDatabases, kind: type[DomainError]
) -> None:
    tried, error = await attempts(databases, lambda _: kind())
    assert (tried, type(error)) == (TIMES, kind)
    assert await written(databases) == []


async def test_a_row_that_another_writer_made_first_is_there_the_second_time(
    databases: AsyncpgDatabases,
) -> None:
    seen = []

    async def act(db: Database) -> None:
        known = await db.fetch_value("SELECT count(*) FROM ledger_account")
        seen.append(known)
        if not known:
            async with databases.open() as other:
                await other.execute(INSERT, "acc_1")
            await db.execute(INSERT, "acc_1")

    async with databases.open() as db:
        await in_transaction(db, lambda: act(db))
    assert seen == [0, 1]
