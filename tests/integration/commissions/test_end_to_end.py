"""From the click on a link to the payout: real redirect, signed webhooks, queue, bulk sync."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from local.shopify.webhooks.delivery import Delivery
from pydantic import SecretStr

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import format_instant
from shared.commissions.codes import assign_code
from shared.commissions.models import ConversionKind
from shared.commissions.schemas import CodeContent
from shared.ids import derived_id
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import STAFF, Books, Partner
from tests.fixtures.platform_api import CLICK_KEY, PlatformApi, product, write_products
from tests.fixtures.webhooks import Webhooks, webhook_settings
from tests.fixtures.workflow_runs import WorkflowLab

YEN = ("JPY", 1_500_000)
LEDGER = ("ledger_entry", "ledger_transaction", "commission", "conversion")
ORDERS = (
    "order_header", "order_summary", "order_line_item", "order_address", "order_transaction",
    "order_refund", "order_refund_line", "webhook_delivery",
)  # fmt: skip
EARNED = [("JPY", 18_518, 1799), ("USD", 12_345, 999)]
"""10 % of 185.18 less 5.18 in yen and of 123.45 less 23.45 in dollars, in minor units."""


class Journey:
    """A shop, a publisher and the public API on one database."""

    def __init__(self, hooks: Webhooks, api: PlatformApi, books: Books, partner: Partner) -> None:
        self.hooks, self.api, self.books, self.partner = hooks, api, books, partner

    async def click(self) -> str:
        """Follow the publisher's link and return the click id that the shop gets."""
        self.api.clock.at = self.hooks.clock.now()
        answer = await self.api.http.get(
            f"/v1/r/{self.partner.item_id}", headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"}
        )
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["click_id"][0]

    def buy(self, click: str, presentment: tuple[str, int] | None, back: int) -> list[Delivery]:
        """Buy with a click id, and get some of it back; return what the shop sends."""
        changes, clock = self.hooks.changes, self.hooks.clock
        mug = changes.add_product("Mug", price_minor=12_345)
        order = changes.add_order(
            [(mug.variants[0].id, 1)], attributes=[("click_id", click)], presentment=presentment
        )
        clock.advance(timedelta(hours=1))
        changes.refund(order.id, extra_minor=back)
        clock.advance(timedelta(hours=1))
        return self.hooks.taken()

    async def earned(self) -> list[tuple[str, int, int]]:
        """Return currency, capture and commission of each."""
        await self.books.check()
        rows = await self.books.rows(
            "SELECT currency, captured_minor, amount_minor FROM commission ORDER BY currency"
        )
        return [(row["currency"], row["captured_minor"], row["amount_minor"]) for row in rows]

    async def facts(self) -> list[tuple[Any, ...]]:
        """Return what the ledger says of each fact."""
        rows = await self.books.rows(
            "SELECT commission_id, fact_kind, fact_id, sum(amount_minor)::bigint AS amount,"
            " max(occurred_at) AS at FROM ledger_transaction WHERE fact_id IS NOT NULL"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        return [tuple(row.values()) for row in rows]

    async def forget(self) -> None:
        """Forget every order and what followed from it."""
        for table in (*LEDGER, *ORDERS):
            await self.books.rows(f"DELETE FROM {table}")


@pytest.fixture
async def journey(
    webhooks: Webhooks, platform_api: PlatformApi, databases: AsyncpgDatabases
) -> Journey:
    webhooks.ports.settings = webhook_settings(
        webhooks.shop, CLICK_SIGNING_KEY=SecretStr(CLICK_KEY)
    )
    books = Books(databases, webhooks.clock)
    partner = await books.partner(starts=webhooks.clock.now() - timedelta(days=400))
    async with databases.open() as db:
        await write_products(db, product(1))
    return Journey(webhooks, platform_api, books, partner)


async def _bought(journey: Journey) -> Sequence[Delivery]:
    click = await journey.click()
    journey.hooks.clock.advance(timedelta(days=2))
    dollars = journey.buy(click, None, 2345)
    other = await journey.click()
    journey.hooks.clock.advance(timedelta(days=1))
    return [*dollars, *journey.buy(other, YEN, 518)]


async def test_from_the_click_to_the_payout_in_two_currencies(journey: Journey) -> None:
    deliveries = await _bought(journey)
    await journey.hooks.handle(*deliveries)
    assert await journey.earned() == EARNED
    facts = await journey.facts()
    await _check_conversions(journey, "click")

    await journey.hooks.handle(*deliveries)  # all of them once more
    dice = random.Random(5)
    for _ in range(2):  # and in other orders, twice each, as if for the first time
        await journey.forget()
        await journey.hooks.handle(*dice.sample([*deliveries, *deliveries], len(deliveries) * 2))
        assert (await journey.earned(), await journey.facts()) == (EARNED, facts)

    await journey.forget()
    status = await journey.hooks.sync.run("orders", "run_1")
    assert status.state == "complete", status.error
    assert (await journey.earned(), await journey.facts()) == (EARNED, facts)
    await journey.hooks.handle(*deliveries)
    assert (await journey.earned(), await journey.facts()) == (EARNED, facts)
    await _check_payout(journey)


async def _check_conversions(journey: Journey, kind: ConversionKind) -> None:
    conversions = await journey.books.rows("SELECT * FROM conversion")
    assert [row["kind"] for row in conversions] == [kind] * 2
    referrals = await journey.books.rows("SELECT id FROM referral")
    assert {row["click_id"] for row in conversions} == {row["id"] for row in referrals}
    streamed = journey.hooks.ports.publication.newest()
    assert streamed.keys() == {
        derived_id("evt", "conversion", row["order_id"]) for row in conversions
    }


async def _check_payout(journey: Journey) -> None:
    """Staff approves and pays; the publisher reads it to the minor unit."""
    desk = Desk(journey.books, journey.partner)
    assert (await desk.approve()).approved == []
    began = journey.hooks.clock.now()
    journey.hooks.clock.advance(timedelta(days=14))
    assert (await desk.approve()).amount_minor == {"JPY": 1799, "USD": 999}
    key = (await journey.api.key(journey.partner.publisher_id, "commissions:read"))["key"]
    for number, (currency, _, amount) in enumerate(EARNED, start=1):
        paid = await desk.pay(currency, expected=amount)
        assert (paid.amount_minor, paid.invoice_number) == (amount, number)
        answer = await journey.api.http.get(
            "/v1/publisher/statement",
            params={
                "currency": currency,
                "since": (began - timedelta(days=1)).isoformat(),
                "until": (began + timedelta(days=15)).isoformat(),
            },
            headers={"X-Api-Key": key},
        )
        statement = answer.json()
        assert statement["closing"] == {"pending_minor": 0, "approved_minor": 0}
        moved = {item["kind"]: 0 for item in statement["items"]}
        for item in statement["items"]:
            moved[item["kind"]] += item["pending_minor"] + item["approved_minor"]
        assert moved["payout"] == -amount
        assert sum(moved.values()) == 0
        assert moved["accrual"] + moved["reversal"] + moved.get("correction", 0) == amount
        assert moved["approval"] == 0
    assert await journey.books.balances(journey.partner.publisher_id) == {}
    await journey.books.check()


async def test_history_earns_by_backfill_what_it_earns_by_webhooks(journey: Journey) -> None:
    async with journey.books.databases.open() as db:
        content = CodeContent(
            code="READER10",
            publisher_id=journey.partner.publisher_id,
            program_id=journey.partner.program_id,
        )
        began = journey.hooks.clock.now() - timedelta(days=1)
        await assign_code(db, content, by=STAFF, at=began)
    mug = journey.hooks.changes.add_product("Mug", price_minor=10_000)
    order = journey.hooks.changes.add_order([(mug.variants[0].id, 1)])
    journey.hooks.changes.update(order.id, discount_codes=("reader10",))
    deliveries = [*journey.hooks.taken(), *await _bought(journey)]
    since = format_instant(journey.hooks.clock.now() - timedelta(days=60))
    sync = journey.hooks.sync
    lab = WorkflowLab(sync.ports, sync.databases, sync.clock, sleep=sync._sleep)
    asked = {"run_id": "back-1", "object": "orders", "since": since}
    status = await lab.run_killed_everywhere("backfill", asked)
    assert status.state == "complete", status.error
    earned = [EARNED[0], ("USD", 10_000, 1000), EARNED[1]]
    facts = await journey.facts()
    assert sorted(await journey.earned()) == sorted(earned)
    kinds = await journey.books.rows("SELECT kind FROM conversion ORDER BY kind")
    assert [row["kind"] for row in kinds] == ["click", "click", "discount_code"]

    await journey.hooks.handle(*deliveries)  # the shop told the same before
    again = await lab.run("backfill", {**asked, "run_id": "back-2"})
    assert again.state == "complete", again.error
    assert (sorted(await journey.earned()), await journey.facts()) == (sorted(earned), facts)
    await journey.forget()
    await journey.hooks.handle(*deliveries)
    assert (sorted(await journey.earned()), await journey.facts()) == (sorted(earned), facts)


async def test_a_forged_click_and_a_posted_conversion_earn_nothing(journey: Journey) -> None:
    click = await journey.click()
    forged = click[:-1] + ("A" if click[-1] != "A" else "B")
    await journey.hooks.handle(*journey.buy(forged, None, 0))
    key = (await journey.api.key(journey.partner.publisher_id, "engagement:write"))["key"]
    event = {"type": "conversion", "item_id": journey.partner.item_id, "click_id": click}
    posted = await journey.api.http.post(
        "/v1/events", json={"events": [event]}, headers={"X-Api-Key": key}
    )
    assert posted.status_code == 202, posted.text
    assert await journey.books.rows("SELECT id FROM conversion") == []
    assert await journey.earned() == []
