"""Whatever happens to orders and commissions, in whatever order: the books are right at each step.

The dice are hypothesis' own, so a history that fails shrinks to the shortest one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.commissions.accrual import earnings
from shared.errors import Conflict
from shared.orders.models import OrderRefund, OrderTransaction
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import AT, Books, capture, referred, refund

CURRENCIES = ("EUR", "JPY", "KWD")
AMOUNTS = {"EUR": "19.99", "JPY": "1999", "KWD": "19.995"}
ORDERS = st.integers(1, 3)
ACTS = st.one_of(
    st.tuples(st.just("capture"), ORDERS),
    st.tuples(st.just("refund"), ORDERS),
    st.tuples(st.just("lost"), ORDERS),
    st.tuples(st.just("again"), ORDERS),
    st.tuples(st.sampled_from(["rate", "approve", "dispute", "reverse", "keep"]), ORDERS),
    st.tuples(st.sampled_from(["approve", "pay"]), ORDERS),
    st.tuples(st.just("void"), ORDERS),
)

PAID = [("capture", 1), ("approve", 1), ("pay", 1)]
AND_AGAIN = [*PAID, ("refund", 1), *PAID]
"""How many a history begins, so that what follows payouts is not left to luck."""


@dataclass
class History:
    """Orders whose facts grow, in three currencies, and what staff does meanwhile."""

    desk: Desk
    facts: dict[int, list[OrderTransaction | OrderRefund]] = field(
        default_factory=lambda: {1: [], 2: [], 3: []}
    )
    numbers: int = 0

    def order(self, number: int):
        return referred(
            number,
            self.desk.click,
            *self.facts[number],
            presentment_currency=CURRENCIES[number - 1],
        )

    async def act(self, what: str, number: int) -> None:
        self.numbers += 1
        currency = CURRENCIES[number - 1]
        if what == "capture":
            self.facts[number].append(capture(self.numbers, AMOUNTS[currency], number, currency))
        elif what == "refund":
            amount = "7" if currency == "JPY" else "7.77"
            self.facts[number].append(refund(self.numbers, amount, number))
        elif what == "lost" and self.facts[number]:
            self.facts[number].pop()
        if what in {"capture", "refund", "lost", "again"}:
            await self.desk.books.rows(
                "DELETE FROM order_transaction WHERE order_id IN"
                " (SELECT id FROM order_header WHERE number = $1)", 1000 + number,
            )  # fmt: skip
            await self.desk.books.rows(
                "DELETE FROM order_refund WHERE order_id IN"
                " (SELECT id FROM order_header WHERE number = $1)", 1000 + number,
            )  # fmt: skip
            await self.desk.books.settle(self.order(number))
            return
        await self.staff(what, number)

    async def staff(self, what: str, number: int) -> None:
        commissions = await self.desk.books.commissions()
        target = commissions[number % len(commissions)]["id"] if commissions else "com_0"
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "rate": lambda: self.desk.books.rate(
                self.desk.partner, self.numbers, AT + timedelta(seconds=self.numbers)
            ),
            "approve": self.desk.approve,
            "pay": lambda: self.desk.pay(CURRENCIES[number - 1]),
            "void": lambda: self.void(number),
            "dispute": lambda: self.desk.dispute(target),
            "reverse": lambda: self.desk.resolve(target, "reversed"),
            "keep": lambda: self.desk.resolve(target, "kept"),
        }
        try:
            if what in {"approve", "pay", "void", "rate"} or commissions:
                await acts[what]()
        except Conflict:
            await self.desk.books.check()

    async def void(self, number: int) -> None:
        """Take one of the payouts back, if there are any: the first as well as the last."""
        paid = await self.desk.books.rows("SELECT id FROM payout ORDER BY created_at, id")
        if paid:
            await self.desk.void(paid[number % len(paid)]["id"])

    async def check(self) -> None:
        books = self.desk.books
        await books.check()
        wanted = {
            earning.commission_id: earning
            for number in self.facts
            for earning in earnings(self.order(number), 1234)
        }
        owed: dict[str, int] = {}
        for row in await books.commissions():
            right = wanted[row["id"]].amount_minor if row["id"] in wanted else 0
            assert row["amount_minor"] == (0 if row["status"] == "reversed" else right)
            owed[row["currency"]] = owed.get(row["currency"], 0) + row["amount_minor"]
            assert 0 <= row["amount_minor"] * 10_000 <= row["captured_minor"] * 1234
        for row in await books.rows(
            "SELECT currency, sum(amount_minor)::bigint AS paid FROM payout"
            " WHERE status = 'booked' GROUP BY 1"
        ):
            owed[row["currency"]] -= row["paid"]
        accounts = await books.balances(self.desk.partner.publisher_id)
        for currency in CURRENCIES:
            total = sum(amount for (_, of), amount in accounts.items() if of == currency)
            assert total == owed.get(currency, 0), currency
            assert accounts.get(("approved", currency), 0) == await self.payable(currency), currency

    async def payable(self, currency: str) -> int:
        """Return what the commissions say that the next payout pays."""
        (row,) = await self.desk.books.rows(
            "SELECT COALESCE(sum(amount_minor - paid_minor), 0)::bigint AS payable FROM commission"
            " WHERE currency = $1 AND status IN ('approved', 'paid')", currency,
        )  # fmt: skip
        wrong = await self.desk.books.rows(
            "SELECT c.id FROM commission c LEFT JOIN (SELECT l.commission_id, l.amount_minor"
            " FROM invoice_line l JOIN invoice i ON i.id = l.invoice_id AND i.status = 'issued') l"
            " ON l.commission_id = c.id GROUP BY c.id HAVING"
            " c.paid_minor <> COALESCE(sum(l.amount_minor), 0)"
            " OR (c.status = 'paid') <> (count(l.commission_id) > 0)"
        )
        assert wrong == []
        return int(row["payable"])


async def _live(url: str, acts: list[tuple[str, int]]) -> None:
    databases = AsyncpgDatabases(url)
    try:
        books = Books(databases, FixedClock(AT + timedelta(days=20)))
        history = History(Desk(books, await books.partner(basis_points=1234)))
        for what, number in acts:
            await history.act(what, number)
            await history.check()
    finally:
        await databases.close()


async def test_the_books_are_right_after_any_history(
    new_database: Callable[[], Awaitable[str]],
) -> None:
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from([[], PAID, AND_AGAIN]), st.lists(ACTS, min_size=6, max_size=14))
    def every(before: list[tuple[str, int]], acts: list[tuple[str, int]]) -> None:
        url = asyncio.run_coroutine_threadsafe(_fresh(), loop).result()
        asyncio.run(_live(url, [*before, *acts]))

    async def _fresh() -> str:
        return await new_database()

    await asyncio.to_thread(every)
