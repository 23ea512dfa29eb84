"""A statement of a period that is over says the same whenever it is asked for."""

import asyncio
from datetime import timedelta

from shared.commissions.ledger_repository import CommissionLedger
from shared.commissions.reading import statement
from shared.commissions.schemas import Statement
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import AT, Books, capture, referred


async def test_what_is_being_booked_is_waited_for(books: Books) -> None:
    partner = await books.partner()
    await books.write(referred(1, Desk(books, partner).click, capture(1, "100.00")))

    async def read(until: timedelta) -> Statement:
        async with books.databases.open() as db:
            return await statement(
                db, partner.publisher_id, "EUR",
                since=AT, until=AT + until, after=None, limit=10,
            )  # fmt: skip

    books.clock.at = AT
    async with books.databases.open() as other, other.transaction():
        await CommissionLedger(other).lock_publishers([partner.publisher_id])
        booking = asyncio.create_task(books.stream())
        await asyncio.sleep(0.3)  # it waits for the publisher
        books.clock.advance(timedelta(seconds=5))
        reading = asyncio.create_task(read(timedelta(seconds=5)))
        await asyncio.sleep(0.3)
        assert not reading.done()
    first = await reading
    await booking
    assert await read(timedelta(seconds=5)) == first
    after = await read(timedelta(seconds=6))
    assert len(after.items) == 1
    assert after.closing.pending_minor > first.closing.pending_minor
