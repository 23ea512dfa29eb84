"""Orders in a real PostgreSQL: what is written, what is refused, and what two writers leave."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared import limits
from shared.adapters.embedded.database import AsyncpgDatabases
from shared.errors import DomainError
from shared.orders.models import OrderLineAddition, OrderParts
from shared.orders.repository import OrderChildren, OrderWrites
from shared.orders.tables import CHILDREN, HEADERS, SUMMARIES
from shared.ports import Database
from tests.fixtures import orders as make

AT = make.AT
LATER = AT + timedelta(hours=1)

ODD_TEXTS = [
    "",
    "\x1f",
    "\x1e",
    "a\x1fb\x1ec",
    "\\N",
    "NULL",
    '{a,"b"}',
    "tab\tnewline\r\nquote'\"",
    "Grüße 漢字 \U0001f600\U0001f468\u200d\U0001f469",
    "'; DROP TABLE order_header; --",
]
UNSTORABLE = [("nul\x00nul", "nulnul"), ("\x00", ""), ("half \ud83d pair", "half ? pair")]
ODD_JSON = [
    (r'["a\u0000b"]', ["ab"]),
    (r'["a\\u0000b"]', [r"a\u0000b"]),
    (r'["\ud83d\ude00"]', ["\U0001f600"]),
    (r'["\ud83d"]', ["?"]),
    (r'["\u001f", "\u001e"]', ["\x1f", "\x1e"]),
]


@pytest.fixture
def writes(db: Database) -> OrderWrites:
    return OrderWrites(db, timezone="America/New_York")


async def stamps(db: Database, number: int = 1) -> tuple[str, int, int | None]:
    row = await db.fetch_one(
        "SELECT written_by, version, stream_pending_version FROM order_header WHERE id = $1",
        make.order_id(number),
    )
    assert row is not None
    return tuple(row.values())


async def column(db: Database, sql: str, *args: object) -> list[Any]:
    return [next(iter(row.values())) for row in await db.fetch_all(sql, *args)]


async def stored(db: Database) -> dict[str, Sequence[Any]]:
    """Everything about orders that does not depend on who wrote it."""
    tables = {"headers": HEADERS, "summaries": SUMMARIES, **CHILDREN}
    return {
        kind: [
            table.of(row)
            for row in await db.fetch_all(
                f"SELECT {table.select_list} FROM {table.name} ORDER BY 1"
            )
        ]
        for kind, table in tables.items()
    }


def full(number: int = 1, **changes: object) -> OrderParts:
    """An order with a child of every kind."""
    line = make.line(number, number)
    refund, shipment = make.refund(number, number), make.fulfillment(number, number)
    back = make.return_(number, number)
    return OrderParts(
        header=make.header(number, **changes),
        summary=make.summary(number, total_price=Decimal("20.0000")),
        addresses=(make.address("billing", number), make.address("shipping", number)),
        lines=(line,),
        transactions=(make.transaction(number, number),),
        refunds=(refund,),
        refund_lines=(make.refund_line(refund, line),),
        fulfillments=(shipment,),
        fulfillment_lines=(make.fulfillment_line(shipment, line),),
        returns=(back,),
        return_lines=(make.return_line(number, back, line),),
    )


class TestRoots:
    """A root is written unless a newer state of it is there, and marks its events as due."""

    async def test_every_kind_of_record_comes_back_as_it_went(
        self, db: Database, writes: OrderWrites
    ) -> None:
        order = full(
            1,
            tags='["a", "b"]',
            customer_id="cus_1",
            note="Grüße \U0001f600",
            custom_attributes='[{"key": "k", "value": null}]',
        )
        assert await writes.upsert_roots([order], written_by="run") == 1
        rows = await stored(db)
        assert rows["headers"] == [order.header]
        assert rows["summaries"] == [order.summary]
        for kind in CHILDREN:
            assert sorted(rows[kind]) == sorted(getattr(order, kind)), kind
        assert await stamps(db) == ("run", 1, 1)
        assert await column(db, "SELECT id FROM customer") == ["cus_1"]

    async def test_an_older_state_changes_nothing(self, db: Database, writes: OrderWrites) -> None:
        new = full(1, shopify_updated_at=LATER, note="new")
        await writes.upsert_roots([new], written_by="one")
        before = await stored(db)
        old = replace(full(1, note="old"), transactions=(make.transaction(9),))
        assert await writes.upsert_roots([old], written_by="two") == 0
        assert await stored(db) == before
        assert await stamps(db) == ("one", 1, 1)

    async def test_an_equal_state_wins(self, db: Database, writes: OrderWrites) -> None:
        await writes.upsert_roots([full(1, note="first")], written_by="one")
        assert await writes.upsert_roots([full(1, note="second")], written_by="two") == 1
        assert await column(db, "SELECT note FROM order_header") == ["second"]
        assert await stamps(db) == ("two", 2, 2)

    async def test_the_newer_of_two_copies_in_a_chunk_counts(
        self, db: Database, writes: OrderWrites
    ) -> None:
        new, old = full(1, shopify_updated_at=LATER, note="new"), full(1, note="old")
        assert await writes.upsert_roots([new, old], written_by="run") == 1
        assert await column(db, "SELECT note FROM order_header") == ["new"]

    async def test_what_a_source_does_not_say_stays(
        self, db: Database, writes: OrderWrites
    ) -> None:
        await writes.upsert_roots(
            [full(1, is_edited=True, return_status="RETURNED")], written_by="run"
        )
        silent = full(1, is_edited=None, return_status=None)
        await writes.write_whole(silent, written_by="hook")
        row = await db.fetch_one("SELECT is_edited, return_status FROM order_header")
        assert row is not None
        assert tuple(row.values()) == (True, "RETURNED")

    async def test_replaying_a_run_leaves_the_same_rows(
        self, db: Database, writes: OrderWrites
    ) -> None:
        chunk = [full(number) for number in range(1, 30)]
        await writes.upsert_roots(chunk, written_by="run")
        before = await stored(db)
        random.Random(1).shuffle(chunk)
        assert await writes.upsert_roots(chunk, written_by="run") == 29
        assert await stored(db) == before

    async def test_a_chunk_above_the_limit_is_refused(self, writes: OrderWrites) -> None:
        too_many = [full(1)] * (limits.UPSERT_CHUNK_ROOTS + 1)
        with pytest.raises(DomainError, match="501 rows"):
            await writes.upsert_roots(too_many, written_by="run")
        lines = (make.line(1),) * (limits.UPSERT_CHUNK_CHILDREN + 1)
        with pytest.raises(DomainError, match="2001 rows"):
            await writes.upsert_children(OrderChildren(lines=lines), written_by="run")

    async def test_nothing_to_write(self, writes: OrderWrites) -> None:
        assert await writes.upsert_roots([], written_by="run") == 0
        assert await writes.upsert_children(OrderChildren(), written_by="run") == 0


class TestText:
    """Text arrives as it was, whatever is in it; only what PostgreSQL cannot hold is left out."""

    @pytest.mark.parametrize("neighbours", [0, 2])
    async def test_any_text(self, db: Database, writes: OrderWrites, neighbours: int) -> None:
        chunk = [full(2, note=None), full(3, note="plain")][:neighbours]
        for note in ODD_TEXTS:
            await writes.upsert_roots([full(1, note=note), *chunk], written_by="run")
            got = await column(db, "SELECT note FROM order_header ORDER BY number")
            assert got == [note, None, "plain"][: neighbours + 1]

    async def test_what_cannot_be_stored(self, db: Database, writes: OrderWrites) -> None:
        for note, kept in UNSTORABLE:
            chunk = [full(1, note=note), full(2, note="a\x1fb"), full(3, note=None)]
            await writes.upsert_roots(chunk, written_by="run")
            got = await column(db, "SELECT note FROM order_header ORDER BY number")
            assert got == [kept, "a\x1fb", None]

    async def test_json(self, db: Database, writes: OrderWrites) -> None:
        for text, value in ODD_JSON:
            await writes.upsert_roots([full(1, tags=text), full(2)], written_by="run")
            got = await column(db, "SELECT tags FROM order_header ORDER BY number")
            assert got == [value, []]


class TestChildren:
    """Children follow their root: its bearer writes them, and removes those it did not see."""

    async def test_written_while_the_root_bears_the_run(
        self, db: Database, writes: OrderWrites
    ) -> None:
        await writes.upsert_roots([make.parts(1), make.parts(2)], written_by="run")
        hook = make.parts(2, make.line(20, 2), shopify_updated_at=LATER)
        assert await writes.write_whole(hook, written_by="hook")
        children = OrderChildren(
            lines=(make.line(10, 1), make.line(20, 2, title="outdated"), make.line(30, 3))
        )
        assert await writes.upsert_children(children, written_by="run") == 1
        got = await column(db, "SELECT title || '/' || written_by FROM order_line_item ORDER BY 1")
        assert got == ["Mug/hook", "Mug/run"]

    async def test_an_addition_marks_its_line_and_survives_a_rewrite(
        self, db: Database, writes: OrderWrites
    ) -> None:
        line = make.line(1)
        await writes.upsert_roots([make.parts(1)], written_by="run")
        addition = OrderLineAddition(line.id, line.order_id, LATER)
        children = OrderChildren(lines=(line,), additions=(addition,))
        assert await writes.upsert_children(children, written_by="run") == 2
        await writes.write_whole(make.parts(1, line), written_by="hook")
        assert await column(db, "SELECT added_at FROM order_line_item") == [LATER]
        assert await writes.upsert_children(children, written_by="run") == 0

    async def test_unseen_children_are_removed_page_by_page(
        self, db: Database, writes: OrderWrites
    ) -> None:
        numbers = range(1, 8)
        before = [make.parts(n, make.line(n, n), make.line(100 + n, n)) for n in numbers]
        for order in before:
            await writes.write_whole(order, written_by="earlier")
        await writes.upsert_roots([make.parts(n) for n in numbers], written_by="run")
        await writes.write_whole(
            make.parts(7, make.line(107, 7), shopify_updated_at=LATER), written_by="hook"
        )
        seen = OrderChildren(lines=tuple(make.line(n, n) for n in numbers))
        await writes.upsert_children(seen, written_by="run")
        removed, pages, after = 0, 0, None
        while True:
            count, after = await writes.remove_unseen(
                written_by="run", kinds=["lines"], after=after, limit=2
            )
            removed, pages = removed + count, pages + 1
            if after is None:
                break
        assert (removed, pages) == (6, 4)
        left = await column(db, "SELECT id FROM order_line_item ORDER BY id")
        assert left == sorted([*(make.line(n, n).id for n in range(1, 7)), make.line(107, 7).id])

    async def test_kinds_that_are_not_named_stay(self, db: Database, writes: OrderWrites) -> None:
        await writes.write_whole(full(1), written_by="earlier")
        await writes.upsert_roots([make.parts(1)], written_by="run")
        kinds = ["lines", "addresses"]
        assert await writes.remove_unseen(written_by="run", kinds=kinds, after=None, limit=10) == (
            3,
            None,
        )
        rows = await stored(db)
        assert {kind for kind in CHILDREN if not rows[kind]} == set(kinds)

    async def test_a_webhook_removes_what_is_gone_and_keeps_what_it_cannot_know(
        self, db: Database, writes: OrderWrites
    ) -> None:
        await writes.upsert_roots([full(1)], written_by="run")
        fresh = make.line(2)
        body = replace(
            make.parts(1, fresh),
            addresses=(make.address("billing"),),
            transactions=(make.transaction(5, kind="REFUND"),),
        )
        assert await writes.write_whole(body, written_by="hook")
        rows = await stored(db)
        assert [line.id for line in rows["lines"]] == [fresh.id]
        assert [address.kind for address in rows["addresses"]] == ["billing"]
        assert len(rows["transactions"]) == 2  # a body may hold only the refunds' transactions
        assert len(rows["returns"]) == len(rows["refunds"]) == 1

    async def test_an_outdated_webhook_writes_nothing(
        self, db: Database, writes: OrderWrites
    ) -> None:
        await writes.upsert_roots([full(1, shopify_updated_at=LATER)], written_by="run")
        before = await stored(db)
        assert not await writes.write_whole(make.parts(1, make.line(5)), written_by="hook")
        assert await stored(db) == before


class TestRaces:
    """Bulk and webhooks at the same time: no deadlock escapes, and the newest state stays."""

    async def test_the_end_state_is_that_of_the_newest(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        dice = random.Random(7)
        numbers = list(range(1, 16))
        newest = {
            n: replace(
                full(n, shopify_updated_at=LATER, note="newest", customer_id=f"cus_{n % 5}"),
                lines=(make.line(n, n), make.line(100 + n, n)),
            )
            for n in numbers
        }

        async def bulk(run: str) -> None:
            async with databases.open() as own:
                writes = OrderWrites(own, timezone="UTC")
                chunk = [
                    make.parts(n, note="bulk", customer_id=f"cus_{dice.randrange(5)}")
                    for n in numbers
                ]
                dice.shuffle(chunk)
                chunk = [
                    replace(c, fulfillments=full(1 + i).fulfillments) for i, c in enumerate(chunk)
                ]
                await writes.upsert_roots(chunk, written_by=run)
                lines = tuple(make.line(n, n, title="bulk") for n in numbers)
                await writes.upsert_children(OrderChildren(lines=lines), written_by=run)
                await writes.remove_unseen(written_by=run, kinds=["lines"], after=None, limit=100)

        async def hook(number: int) -> None:
            async with databases.open() as own:
                writes = OrderWrites(own, timezone="UTC")
                await writes.write_whole(newest[number], written_by=f"hook-{number}")

        tasks = [bulk(f"run-{n}") for n in range(3)]
        tasks += [hook(n) for n in numbers for _ in range(2)]
        dice.shuffle(tasks)
        await asyncio.gather(*tasks)
        rows = await stored(db)
        assert {row.note for row in rows["headers"]} == {"newest"}
        assert {row.title for row in rows["lines"]} == {"Mug"}
        assert sorted(row.id for row in rows["lines"]) == sorted(
            line.id for order in newest.values() for line in order.lines
        )

    async def test_two_writers_of_the_same_new_orders(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        async def write(run: str) -> int:
            async with databases.open() as own:
                chunk = [full(number) for number in range(1, 31)]
                return await OrderWrites(own, timezone="UTC").upsert_roots(chunk, written_by=run)

        assert await asyncio.gather(*(write(f"run-{n}") for n in range(4))) == [30] * 4
        assert await column(db, "SELECT DISTINCT version FROM order_header") == [4]
