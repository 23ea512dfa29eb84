"""The ledger is looked over as it grows, a part at a time, and what is wrong is not passed by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.watermarks import SqliteWatermarks
from shared.commissions.audit import LAG, LedgerState, look_over_ledger
from shared.commissions.audit_repository import LedgerAudit
from shared.ports import Watermarks
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import AT, Books, capture, click_of, referred, refund
from tests.fixtures.plans import RecordingDatabases, end_to_end

TABLES = ("ledger_transaction", "ledger_entry", "commission")
MANY = """
INSERT INTO commission SELECT 'com_' || n, 'cnv_' || n, 'ord_' || n, 'otx_' || n, 'pub_1', 'prg_1',
  'EUR', 100, 10, 0, 'pending', t, t, t, t, 'test'
FROM (SELECT n, $1::timestamptz + n * interval '1 second' AS t FROM generate_series(1, 20000) n) m;
"""
THEIR_MOVEMENTS = """
INSERT INTO ledger_transaction (id, kind, publisher_id, currency, amount_minor, commission_id,
  occurred_at, booked_at, booked_by)
SELECT 'ltx_' || id, 'accrual', publisher_id, currency, amount_minor, id, created_at, created_at,
  'test' FROM commission
"""
MENDED = """
INSERT INTO ledger_entry SELECT 'lge_mended', t.id, a.id, -100, t.booked_at
FROM ledger_transaction t JOIN ledger_account a ON a.owner_id = t.publisher_id
WHERE t.amount_minor = 100
  AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.transaction_id = t.id AND e.account_id = a.id)
"""
THEIR_ENTRIES = """
INSERT INTO ledger_entry SELECT 'lge_' || side || t.id, t.id, 'acc_' || side, side * 10, t.booked_at
FROM ledger_transaction t, (VALUES (1), (-1)) AS s (side)
"""


@pytest.fixture
async def watermarks(tmp_path: Path, books: Books) -> AsyncIterator[Watermarks]:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        yield SqliteWatermarks(journal, clock=books.clock)


async def looked(books: Books, watermarks: Watermarks, limit: int = 100) -> LedgerState:
    return await look_over_ledger(books.databases, watermarks, books.clock.now(), limit=limit)


async def booked(books: Books, number: int) -> datetime:
    """Let an order earn and lose some of it; return when that was booked, some time ago."""
    partner = await books.partner(f"Partner {number}")
    order = referred(number, click_of(partner), capture(number, "10.00", number))
    await books.settle(order)
    await books.settle(referred(number, click_of(partner), capture(number, "10.00", number),
                                refund(number, "2.50", number)))  # fmt: skip
    at = books.clock.now()
    books.clock.advance(2 * LAG)
    return at


async def test_nothing_is_wrong_with_nothing(books: Books, watermarks: Watermarks) -> None:
    assert await looked(books, watermarks) == LedgerState(None, ())


async def test_a_look_goes_on_where_the_last_one_ended(
    books: Books, watermarks: Watermarks
) -> None:
    first, second = await booked(books, 1), await booked(books, 2)
    # One movement is the limit, and the other of its instant is looked at with it.
    assert await looked(books, watermarks, limit=1) == LedgerState(first, ())
    assert await looked(books, watermarks, limit=1) == LedgerState(second, ())
    assert await looked(books, watermarks, limit=1) == LedgerState(second, ())
    third = await booked(books, 3)
    books.clock.at = third + LAG / 2  # whoever books it may not have committed yet
    assert await looked(books, watermarks) == LedgerState(second, ())
    books.clock.at = third + LAG
    assert await looked(books, watermarks) == LedgerState(third, ())


@pytest.mark.parametrize(
    ("damage", "mending", "kind"),
    [
        (
            "DELETE FROM ledger_entry WHERE amount_minor = -100",
            MENDED,
            "ltx_",
        ),
        (
            "UPDATE ledger_entry SET amount_minor = -99 WHERE amount_minor = -100",
            "UPDATE ledger_entry SET amount_minor = -100 WHERE amount_minor = -99",
            "ltx_",
        ),
        (
            "UPDATE commission SET amount_minor = 76",
            "UPDATE commission SET amount_minor = 75",
            "com_",
        ),
    ],
)
async def test_what_is_wrong_is_named_until_it_is_mended(
    books: Books, watermarks: Watermarks, damage: str, mending: str, kind: str
) -> None:
    first = await booked(books, 1)
    await books.rows(damage)
    for _ in range(2):
        found = await looked(books, watermarks)
        assert found.right_until is None
        assert [one[:4] for one in found.wrong] == [kind]
    second = await booked(books, 2)
    assert (await looked(books, watermarks, limit=2)).right_until is None  # however much follows
    async with books.databases.open() as db:
        assert await LedgerAudit(db).imbalances() == list(found.wrong)
    await books.rows(mending)
    assert await looked(books, watermarks, limit=2) == LedgerState(first, ())
    assert await looked(books, watermarks) == LedgerState(second, ())
    await books.check()


@pytest.mark.parametrize(
    ("damage", "mending"),
    [
        ("UPDATE payout SET amount_minor = 74", "UPDATE payout SET amount_minor = 75"),
        ("UPDATE payout SET status = 'void'", "UPDATE payout SET status = 'booked'"),
    ],
)
async def test_a_payout_that_its_movements_do_not_say_is_named(
    books: Books, watermarks: Watermarks, damage: str, mending: str
) -> None:
    books.clock.at = AT + timedelta(days=20)
    desk = Desk(books, await books.partner())
    await books.settle(referred(1, desk.click, capture(1, "7.50")))
    await desk.approve()
    paid = await desk.pay()
    assert paid.amount_minor == 75
    at = books.clock.now()
    books.clock.advance(2 * LAG)
    await books.rows(damage)
    found = await looked(books, watermarks)
    assert found.wrong == (paid.id,)
    await books.rows(mending)
    assert await looked(books, watermarks) == LedgerState(at, ())
    await desk.void(paid.id)
    at = books.clock.now()
    books.clock.advance(2 * LAG)
    assert await looked(books, watermarks) == LedgerState(at, ())
    await books.check()


async def test_a_look_costs_its_part_of_a_large_ledger(
    books: Books, watermarks: Watermarks
) -> None:
    await books.rows(MANY, AT)
    for sql in (THEIR_MOVEMENTS, THEIR_ENTRIES, f"ANALYZE {', '.join(TABLES)}"):
        await books.rows(sql)
    books.clock.at = AT + timedelta(days=1)
    recording = RecordingDatabases(books.databases)
    for number in range(1, 4):
        found = await look_over_ledger(recording, watermarks, books.clock.now(), limit=100)
        assert found == LedgerState(AT + timedelta(seconds=100 * number), ())
    async with books.databases.open() as db:
        assert await end_to_end(db, recording.asked, TABLES) == []
