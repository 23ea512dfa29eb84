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
    st.tuples(st.sampled_from(["rate", "approve", "dispute", "upheld", "rejected", "pay"]), ORDERS),
)


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
            "dispute": lambda: self.desk.dispute(target),
            "upheld": lambda: self.desk.resolve(target, "upheld"),
            "rejected": lambda: self.desk.resolve(target, "rejected"),
        }
        try:
            if what in {"approve", "pay", "rate"} or commissions:
                await acts[what]()
        except Conflict:
            await self.desk.books.check()

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
            "SELECT currency, sum(amount_minor)::bigint AS paid FROM payout GROUP BY 1"
        ):
            owed[row["currency"]] -= row["paid"]
        accounts = await books.balances(self.desk.partner.publisher_id)
        for currency in CURRENCIES:
            total = sum(amount for (_, of), amount in accounts.items() if of == currency)
            assert total == owed.get(currency, 0), currency


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
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ACTS, min_size=6, max_size=14))
    def every(acts: list[tuple[str, int]]) -> None:
        url = asyncio.run_coroutine_threadsafe(_fresh(), loop).result()
        asyncio.run(_live(url, acts))

    async def _fresh() -> str:
        return await new_database()

    await asyncio.to_thread(every)
