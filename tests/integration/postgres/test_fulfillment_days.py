"""The daily count of fulfillments in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.orders.repository import OrderWrites
from shared.ports import Database
from tests.fixtures import orders as make

AT = make.AT


@pytest.fixture
def writes(db: Database) -> OrderWrites:
    return OrderWrites(db, timezone="America/New_York")


class TestFulfillmentDays:
    """Each shop-day's counts follow every write of a fulfillment."""

    async def days(self, db: Database) -> dict[date, tuple[int, int, int]]:
        rows = await db.fetch_all(
            "SELECT day, total_count, success_count, failure_count FROM fulfillment_daily_summary"
        )
        return {row["day"]: tuple(row.values())[1:] for row in rows}

    async def test_counts_by_outcome_in_the_shops_zone(
        self, db: Database, writes: OrderWrites
    ) -> None:
        late = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)  # still 1 November in New York
        outcomes = ["SUCCESS", "CANCELLED", "ERROR", "FAILURE", "OPEN", "SUCCESS"]
        shipments = [
            make.fulfillment(n, status=status, created_at=late if n == 5 else AT)
            for n, status in enumerate(outcomes)
        ]
        order = replace(make.parts(1), fulfillments=tuple(shipments))
        await writes.upsert_roots([order], written_by="run")
        expected = {date(2026, 11, 1): (1, 1, 0), date(2026, 11, 2): (5, 1, 3)}
        assert await self.days(db) == expected
        await writes.upsert_roots([order], written_by="run")
        assert await self.days(db) == expected

    async def test_a_changed_outcome_moves_the_count(
        self, db: Database, writes: OrderWrites
    ) -> None:
        for status, expected in (("SUCCESS", (1, 1, 0)), ("CANCELLED", (1, 0, 1))):
            order = replace(make.parts(1), fulfillments=(make.fulfillment(1, status=status),))
            await writes.write_whole(order, written_by=status)
            assert await self.days(db) == {date(2026, 11, 2): expected}

    async def test_a_day_of_25_hours(self, db: Database, writes: OrderWrites) -> None:
        start = datetime(2026, 11, 1, 4, tzinfo=UTC)  # the clocks go back on this day
        shipments = [
            make.fulfillment(n, created_at=start + timedelta(hours=n, seconds=-1))
            for n in range(27)
        ]
        order = replace(make.parts(1), fulfillments=tuple(shipments))
        await writes.upsert_roots([order], written_by="run")
        counts = {day: row[0] for day, row in (await self.days(db)).items()}
        assert counts == {date(2026, 10, 31): 1, date(2026, 11, 1): 25, date(2026, 11, 2): 1}

    async def test_removed_fulfillments_are_counted_out(
        self, db: Database, writes: OrderWrites
    ) -> None:
        order = replace(make.parts(1), fulfillments=(make.fulfillment(1),))
        await writes.write_whole(order, written_by="earlier")
        await writes.upsert_roots([make.parts(1)], written_by="run")
        await writes.remove_unseen(written_by="run", kinds=["fulfillments"], after=None, limit=10)
        assert await self.days(db) == {date(2026, 11, 2): (0, 0, 0)}

    async def test_concurrent_writers_of_one_day_lose_no_count(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        async def ship(number: int) -> None:
            async with databases.open() as own:
                order = replace(
                    make.parts(number), fulfillments=(make.fulfillment(number, number),)
                )
                await OrderWrites(own, timezone="UTC").write_whole(order, written_by=f"w{number}")

        await asyncio.gather(*(ship(number) for number in range(1, 21)))
        assert await self.days(db) == {date(2026, 11, 2): (20, 20, 0)}
