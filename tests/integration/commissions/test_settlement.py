"""Orders are attributed and settled from their state, however often and in whatever order."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.commissions.codes import CodeContent, assign_code
from shared.engagement.clicks import read
from shared.engagement.models import Referral
from shared.engagement.repository import Referrals
from shared.errors import Unavailable
from shared.ids import derived_id
from shared.orders.emails import email_hash
from shared.orders.enrichment import stream_pending
from tests.fixtures import orders as make
from tests.fixtures.commissions import (
    AT,
    KEY,
    STAFF,
    Books,
    capture,
    click_of,
    commission_id,
    known,
    referred,
    refund,
)
from tests.fixtures.ingest import CollectedStream

MAIL = " reader@example.com"


async def test_an_order_by_click_is_attributed_and_earns(books: Books) -> None:
    partner = await books.partner()
    paid = capture(1, "59.99")
    click = click_of(partner)
    await books.settle(referred(1, click, paid))
    (commission,) = await books.commissions()
    assert commission["id"] == commission_id(paid)
    assert commission["amount_minor"] == 599
    assert commission["approvable_at"] == AT + timedelta(days=14)
    (conversion,) = await books.rows("SELECT * FROM conversion")
    assert conversion["kind"] == "click"
    assert conversion["item_id"] == partner.item_id
    assert conversion["clicked_at"] == AT - timedelta(days=1)
    assert (conversion["window_days"], conversion["basis_points"]) == (30, 1000)
    assert await books.balances(partner.publisher_id) == {("pending", "EUR"): 599}
    assert await books.balances("merchant") == {("commission_expense", "EUR"): -599}
    await books.check()
    (event,) = books.publication.events
    assert event["event_id"] == derived_id("evt", "conversion", make.order_id(1))
    assert (event["event_type"], event["order_id"]) == ("conversion", make.order_id(1))
    assert event["click_id"] == click


async def test_settling_again_adds_nothing_but_the_same_event(books: Books) -> None:
    partner = await books.partner()
    order = referred(1, click_of(partner), capture(1, "10.00"), refund(1, "2.50"))
    for _ in range(3):
        await books.settle(order)
    assert known(await books.commissions(), "amount_minor") == [(75,)]
    assert len(await books.rows("SELECT * FROM ledger_transaction")) == 2
    assert len({event["event_id"] for event in books.publication.events}) == 1
    await books.check()


async def test_a_refund_that_comes_first_is_right_in_the_end(books: Books) -> None:
    partner = await books.partner()
    click = click_of(partner)
    await books.settle(referred(1, click, refund(1, "4.00")))
    assert await books.commissions() == []
    await books.settle(referred(1, click, capture(1, "10.00"), refund(1, "4.00")))
    await books.settle(
        referred(1, click, capture(1, "10.00"), capture(2, "30.00"), refund(1, "4.00"))
    )
    assert known(await books.commissions(), "captured_minor", "amount_minor") == [
        (1000, 90), (3000, 270),
    ]  # fmt: skip
    assert await books.balances(partner.publisher_id) == {("pending", "EUR"): 360}
    await books.check()


async def test_a_later_rate_or_program_changes_no_order(books: Books) -> None:
    partner = await books.partner()
    click = click_of(partner)
    await books.settle(referred(1, click, capture(1, "10.00")))
    await books.rate(partner, 9000, AT - timedelta(seconds=1))  # whatever staff may not do
    await books.program_is(partner, "ended", AT - timedelta(seconds=1))
    await books.rows("UPDATE program SET attribution_days = 0")
    await books.settle(referred(1, click, capture(1, "10.00"), capture(2, "20.00")))
    assert known(await books.commissions(), "amount_minor") == [(100,), (200,)]


@pytest.mark.parametrize(
    "trouble",
    ["forged", "old", "early", "item", "program", "publisher", "test", "key rotated twice"],
)
async def test_what_is_no_click_of_ours_attributes_nothing(books: Books, trouble: str) -> None:
    partner = await books.partner()
    click = click_of(partner)
    days = {"old": 31.0, "early": -0.5}
    rotated = {"key rotated twice": ("the current key", "the previous key")}
    if trouble in days:
        click = click_of(partner, days=days[trouble])
    if trouble == "forged":
        click = click_of(partner, key="another key")
    if trouble == "item":
        click = click_of(replace(partner, item_id="itm_" + "0" * 32))
    if trouble == "program":
        await books.program_is(partner, "ended", AT)
    if trouble == "publisher":
        await books.publisher_is(partner, "suspended", AT)
    order = referred(1, click, capture(1, "10.00"), is_test=trouble == "test")
    await books.write(order)
    await books.stream(*rotated.get(trouble, ()))
    assert await books.rows("SELECT * FROM conversion") == []
    assert await books.commissions() == []
    assert books.publication.events == []


async def test_a_click_signed_before_the_rotation_still_earns(books: Books) -> None:
    partner = await books.partner()
    click = click_of(partner)
    await books.write(referred(1, click, capture(1, "59.99")))
    await books.stream("the current key", KEY)
    assert known(await books.commissions(), "amount_minor") == [(599,)]
    assert await books.balances(partner.publisher_id) == {("pending", "EUR"): 599}
    [event] = books.publication.events
    assert event["click_id"] == click
    await books.settle(referred(1, click, capture(1, "59.99"), refund(1, "59.99")))
    assert known(await books.commissions(), "amount_minor") == [(0,)]
    await books.check()


async def test_the_click_of_the_landing_page_counts_too_and_the_last_wins(books: Books) -> None:
    first, second = await books.partner("First"), await books.partner("Second")
    landing = f"/?utm=1&click_id={click_of(second, days=1)}"
    await books.settle(
        referred(1, click_of(first, days=2), capture(1, "10.00"), landing_site=landing)
    )
    assert known(await books.commissions(), "publisher_id") == [(second.publisher_id,)]


async def test_the_row_of_a_click_says_what_its_item_was_then(books: Books) -> None:
    partner = await books.partner()
    click = click_of(partner)
    await books.rows("UPDATE publication SET program_id = NULL")
    await books.settle(referred(1, click, capture(1, "10.00")))
    assert await books.commissions() == []
    found = read(click, KEY)
    assert found is not None
    row = Referral(
        found.id, partner.item_id, partner.publication_id, partner.publisher_id,
        partner.program_id, "prd_1", found.clicked_at, None,
    )  # fmt: skip
    async with books.databases.open() as db:
        await Referrals(db).add([row])
    await books.settle(referred(1, click, capture(1, "10.00")))
    assert known(await books.commissions(), "amount_minor") == [(100,)]


async def test_a_discount_code_stands_for_its_publisher_in_any_case(books: Books) -> None:
    partner = await books.partner()
    async with books.databases.open() as db:
        content = CodeContent(
            code="Summer10", publisher_id=partner.publisher_id, program_id=partner.program_id
        )
        await assign_code(db, content, by=STAFF, at=AT - timedelta(days=1))
    codes = json.dumps(["OTHER", "sUMMER10"])
    await books.settle(referred(1, None, capture(1, "10.00"), discount_codes=codes))
    (conversion,) = await books.rows("SELECT * FROM conversion")
    assert (conversion["kind"], conversion["discount_code"]) == ("discount_code", "Summer10")
    assert known(await books.commissions(), "amount_minor") == [(100,)]
    assert books.publication.events[0]["item_id"] is None
    before = make.header(2, processed_at=AT - timedelta(days=2))
    order = referred(2, None, capture(2, "10.00", 2), discount_codes=codes)
    await books.settle(replace(order, header=before._replace(discount_codes=codes)))
    assert len(await books.commissions()) == 1


async def test_a_publisher_earns_nothing_by_its_own_order(books: Books) -> None:
    partner = await books.partner()
    await books.rows("UPDATE publisher SET email = 'Reader@Example.com'")
    own = referred(1, click_of(partner), capture(1, "10.00"), email_hash=email_hash(MAIL))
    await books.settle(own)
    assert await books.commissions() == []
    (conversion,) = await books.rows("SELECT * FROM conversion")
    assert (conversion["earns_nothing_because"], conversion["rate_id"]) == ("own_order", None)
    assert len(books.publication.events) == 1
    other = email_hash("other@example.com")
    await books.settle(referred(2, click_of(partner), capture(2, "10.00", 2), email_hash=other))
    await books.settle(own)
    assert known(await books.commissions(), "amount_minor") == [(100,)]


async def test_an_older_state_never_undoes_a_newer_one(books: Books) -> None:
    """Whoever read an order before it was written again leaves it to the writer."""
    partner = await books.partner()
    click = click_of(partner)
    order = referred(1, click, capture(1, "10.00"))
    await books.write(order)
    settle = books.settlement()

    async def overtaken(states: object) -> None:
        await books.write(referred(1, click, capture(1, "10.00"), refund(1, "10.00")))
        await settle(states)  # type: ignore[arg-type]

    await stream_pending(
        books.databases,
        CollectedStream(),
        settle=overtaken,
        written_by="whd_1",
        after=None,
        limit=10,
    )
    assert await books.commissions() == []
    pending = "SELECT id FROM order_header WHERE stream_pending_version IS NOT NULL"
    assert len(await books.rows(pending)) == 1
    await books.stream()
    assert known(await books.commissions(), "amount_minor") == [(0,)]
    assert await books.rows(pending) == []


async def test_what_the_publication_stream_refused_stays_pending(books: Books) -> None:
    partner = await books.partner()
    await books.write(referred(1, click_of(partner), capture(1, "10.00")))

    class Refusing(CollectedStream):
        async def send(self, events: object, /) -> None:
            del events
            raise Unavailable("the stream is down")

    accepting, books.publication = books.publication, Refusing()
    with pytest.raises(Unavailable, match="stream"):
        await books.stream()
    books.publication = accepting
    await books.stream()
    assert len(books.publication.events) == 1
    assert len(await books.rows("SELECT * FROM ledger_transaction")) == 1


async def test_the_same_orders_settled_at_once_are_booked_once(books: Books) -> None:
    partner = await books.partner()
    orders = [referred(n, click_of(partner), capture(n, "10.00", n)) for n in range(1, 6)]
    await books.write(*orders)
    await asyncio.gather(*(books.stream() for _ in range(4)))
    assert known(await books.commissions(), "amount_minor") == [(100,)] * 5
    assert len(await books.rows("SELECT * FROM ledger_transaction")) == 5
    await books.check()
