"""What migrations make of rows that were kept before them, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from local.postgres import MIGRATIONS, dbmate, migrate

from shared.adapters.embedded.database import AsyncpgDatabases
from tests.fixtures.commissions import AT

DISPUTE = (
    "INSERT INTO commission_dispute (id, commission_id, publisher_id, raised_by_kind, raised_by,"
    " raised_at, reason, resolution) VALUES ($1, $1, 'pub_1', 'publisher', 'key_1', $2, '', $3)"
)

PUBLISHER = (
    "INSERT INTO publisher (id, name, email, status, created_at, created_by, updated_at,"
    " updated_by) VALUES ($1, $1, 'a@b.example', $2, $3, 'ann', $4, 'ann')"
)
PROGRAM = (
    "INSERT INTO program (id, name, description, status, attribution_days, hold_days, created_at,"
    " created_by, updated_at, updated_by) VALUES ($1, $1, '', $2, 30, 14, $3, 'ann', $4, 'ann')"
)

CONVERSION = (
    "INSERT INTO conversion (id, order_id, kind, publisher_id, program_id, window_days, hold_days,"
    " rate_id, basis_points, ordered_at, decided_at)"
    " VALUES ($1, $1, 'click', 'pub_1', 'prg_1', 30, 14, $2, 0, $3, $3)"
)


class Past:
    """A database as it was before a migration."""

    def __init__(self, url: str, databases: AsyncpgDatabases) -> None:
        self.url, self._databases = url, databases

    def go_before(self, subject: str) -> None:
        files = sorted(MIGRATIONS.glob("2*.sql"))
        (first,) = [n for n, file in enumerate(files) if file.stem.endswith(f"_{subject}")]
        for _ in files[first:]:
            dbmate(self.url, "down")

    def return_to_the_present(self) -> None:
        migrate(self.url)

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        async with self._databases.open() as db:
            found = await db.fetch_all(sql, *args)  # type: ignore[arg-type]
        return [tuple(row.values()) for row in found]


@pytest.fixture
async def past(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Past]:
    url = await new_database()
    databases = AsyncpgDatabases(url)
    yield Past(url, databases)
    await databases.close()


async def test_disputes_say_what_became_of_their_commissions(past: Past) -> None:
    before = {"dsp_1": "upheld", "dsp_2": "rejected", "dsp_3": None}
    past.go_before("dispute_outcomes")
    for key, resolution in before.items():
        await past.rows(DISPUTE, key, AT, resolution)
    past.return_to_the_present()
    outcomes = "SELECT id, resolution FROM commission_dispute ORDER BY id"
    assert await past.rows(outcomes) == [("dsp_1", "reversed"), ("dsp_2", "kept"), ("dsp_3", None)]
    past.go_before("dispute_outcomes")
    assert await past.rows(outcomes) == list(before.items())


async def test_who_was_active_before_periods_were_kept_was_so_from_the_beginning(
    past: Past,
) -> None:
    past.go_before("active_periods")
    changed = AT + timedelta(days=9)
    for key, status in (("pub_1", "active"), ("pub_2", "suspended"), ("pub_3", "pending")):
        await past.rows(PUBLISHER, key, status, AT, changed)
    for key, status in (("prg_1", "active"), ("prg_2", "ended"), ("prg_3", "draft")):
        await past.rows(PROGRAM, key, status, AT, changed)
    past.return_to_the_present()
    periods = "SELECT owner_id, began_at, ended_at FROM active_period ORDER BY owner_id"
    assert await past.rows(periods) == [
        ("prg_1", AT, None), ("prg_2", AT, changed), ("pub_1", AT, None), ("pub_2", AT, changed),
    ]  # fmt: skip


async def test_orders_that_earned_nothing_had_no_rate(past: Past) -> None:
    past.go_before("own_orders")
    for key, rate in (("cnv_1", "rat_1"), ("cnv_2", None)):
        await past.rows(CONVERSION, key, rate, AT)
    past.return_to_the_present()
    reasons = "SELECT id, earns_nothing_because FROM conversion ORDER BY id"
    assert await past.rows(reasons) == [("cnv_1", None), ("cnv_2", "no_rate")]
