"""Staff sees what orders earn, approves it, disputes it and records what was paid."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from shared.orders.emails import email_hash
from tests.fixtures.commissions import Books, Partner, capture, click_of, referred, refund
from tests.fixtures.staff_api import StaffApi

ORDERED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
"""Long enough ago for the hold of 14 days to be over."""
KEY = {"Idempotency-Key": "payout-of-november"}


class Till:
    """A publisher with two orders in euros and one in yen, over the API."""

    def __init__(self, api: StaffApi, books: Books, partner: Partner) -> None:
        self.http, self.books, self.partner = api.http, books, partner

    async def post(self, path: str, json: Any, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=json, headers=headers)

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def approve_all(self) -> Any:
        asked = {"due_of_publisher": self.partner.publisher_id}
        answer = await self.post("/api/commissions/approve", asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pay(self, currency: str = "EUR", **headers: str) -> httpx.Response:
        asked = {"publisher_id": self.partner.publisher_id, "currency": currency}
        return await self.post("/api/payouts", asked, **(KEY | headers))


@pytest.fixture
async def till(staff_api: StaffApi, databases: AsyncpgDatabases) -> Till:
    books = Books(databases, FixedClock(ORDERED + timedelta(days=1)))
    partner = await books.partner(starts=ORDERED - timedelta(days=365))
    click = click_of(partner, at=ORDERED)
    orders = (("100.00", "EUR"), ("50.05", "EUR"), ("9999", "JPY"))
    for number, (amount, currency) in enumerate(orders, start=1):
        paid = capture(number, amount, number, currency, ORDERED)
        back = (refund(number, "3000", number),) if currency == "JPY" else ()
        await books.settle(
            referred(
                number,
                click,
                paid,
                *back,
                processed_at=ORDERED,
                presentment_currency=currency,
            )
        )
    return Till(staff_api, books, partner)


async def test_commissions_are_listed_filtered_and_paged(till: Till) -> None:
    every = (await till.get("/api/commissions"))["items"]
    assert sorted(item["amount_minor"] for item in every) == [500, 699, 1000]
    euros = await till.get("/api/commissions", currency="EUR", status="pending")
    assert len(euros["items"]) == 2
    order = every[0]["order_id"]
    assert (await till.get("/api/commissions", order_id=order))["items"] == [every[0]]
    mine = await till.get("/api/commissions", publisher_id=till.partner.publisher_id)
    assert mine["items"] == every
    assert (await till.get("/api/commissions", publisher_id="pub_0"))["items"] == []
    walked, cursor = [], None
    while True:
        page = await till.get("/api/commissions", limit=1, **({"cursor": cursor} if cursor else {}))
        walked += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert walked == every


async def test_a_commission_is_explained_from_its_facts(till: Till) -> None:
    (yen,) = (await till.get("/api/commissions", currency="JPY"))["items"]
    told = await till.get(f"/api/commissions/{yen['id']}")
    assert told.items() >= yen.items()
    assert told["conversion"]["kind"] == "click"
    assert told["conversion"]["item_id"] == till.partner.item_id
    assert told["conversion"]["basis_points"] == 1000
    facts = [(f["kind"], f["money_minor"], f["commission_minor"]) for f in told["facts"]]
    assert facts == [("capture", 9999, 999), ("refund", 3000, -300)]
    for movement in told["movements"]:
        assert sum(entry["amount_minor"] for entry in movement["entries"]) == 0
        assert movement["booked_by"] == "ingest"
    assert sum(movement["amount_minor"] for movement in told["movements"]) == 699


async def test_an_order_that_earns_nothing_is_listed_with_why(till: Till) -> None:
    click = click_of(till.partner, at=ORDERED)
    own = referred(
        9, click, capture(9, "10.00", 9, at=ORDERED),
        processed_at=ORDERED, email_hash=email_hash("a@b.example"),
    )  # fmt: skip
    await till.books.settle(own)
    every = (await till.get("/api/conversions"))["items"]
    assert len(every) == 4
    (found,) = (await till.get("/api/conversions", order_id=own.header.id))["items"]
    assert (found["earns_nothing_because"], found["basis_points"]) == ("own_order", 0)
    why = {"earns_nothing_because": "own_order", "publisher_id": till.partner.publisher_id}
    assert (await till.get("/api/conversions", **why))["items"] == [found]
    assert (await till.get("/api/conversions", earns_nothing_because="no_rate"))["items"] == []
    assert (await till.get("/api/commissions", order_id=own.header.id))["items"] == []
    first = await till.get("/api/conversions", limit=3)
    rest = await till.get("/api/conversions", limit=3, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == every


async def test_from_approval_to_the_statement(till: Till) -> None:
    approved = await till.approve_all()
    assert approved["amount_minor"] == {"EUR": 1500, "JPY": 699}
    assert approved["has_more"] is False
    assert (await till.approve_all())["approved"] == []
    paid = await till.pay()
    assert paid.status_code == 201, paid.text
    payout = paid.json()
    assert (payout["amount_minor"], payout["invoice_number"]) == (1500, 1)
    assert payout["created_by"] == "staff@example.com"
    again = await till.pay()
    assert again.json() == payout
    assert again.headers["idempotency-replayed"] == "true"
    read = await till.get(paid.headers["location"], limit=1)
    rest = await till.get(paid.headers["location"], limit=1, cursor=read["next_cursor"])
    assert {line["amount_minor"] for line in read["lines"] + rest["lines"]} == {1000, 500}
    assert rest["next_cursor"] is None
    assert (await till.get("/api/payouts", currency="EUR"))["items"] == [payout]
    owed = f"/api/publishers/{till.partner.publisher_id}/balance"
    balance = await till.get(owed)
    first = await till.get(owed, limit=1)
    second = await till.get(owed, limit=1, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == balance["items"]
    assert second["next_cursor"] is balance["next_cursor"] is None
    assert balance["items"] == [
        {"currency": "EUR", "pending_minor": 0, "disputed_minor": 0, "due_minor": 0,
         "approved_minor": 0, "paid_minor": 1500},
        {"currency": "JPY", "pending_minor": 0, "disputed_minor": 0, "due_minor": 0,
         "approved_minor": 699, "paid_minor": 0},
    ]  # fmt: skip
    await _check_statement(till, payout["id"])


async def _check_statement(till: Till, payout_id: str) -> None:
    path = f"/api/publishers/{till.partner.publisher_id}/statement"
    period = {"currency": "EUR", "since": (ORDERED - timedelta(days=1)).isoformat()}
    whole = await till.get(path, **period)
    nothing = {"pending_minor": 0, "approved_minor": 0}
    assert (whole["opening"], whole["closing"]) == (nothing, nothing)
    kinds = [item["kind"] for item in whole["items"]]
    assert kinds == ["accrual", "accrual", "approval", "approval", "payout"]
    assert whole["items"][-1]["payout_id"] == payout_id
    assert whole["items"][-1]["approved_minor"] == -1500
    until = (ORDERED + timedelta(days=2)).isoformat()
    early = await till.get(path, **period, until=until)
    assert early["closing"] == {"pending_minor": 1500, "approved_minor": 0}
    late = await till.get(path, currency="EUR", since=until)
    assert late["opening"] == early["closing"]
    first = await till.get(path, **period, limit=3)
    second = await till.get(path, **period, limit=3, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == whole["items"]


async def test_two_payouts_at_once_pay_once(till: Till) -> None:
    await till.approve_all()
    keys = [{"Idempotency-Key": f"key-number-{n}"} for n in range(4)]
    answers = await asyncio.gather(*(till.pay(**key) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len((await till.get("/api/payouts"))["items"]) == 1
    await till.books.check()


async def test_a_publisher_that_is_suspended_is_not_paid(till: Till) -> None:
    path = f"/api/publishers/{till.partner.publisher_id}"
    read = await till.http.get(path)
    content = {"name": "Reader", "email": "a@b.example", "status": "suspended"}
    changed = await till.http.put(path, json=content, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200, changed.text
    asked = {"due_of_publisher": till.partner.publisher_id}
    for refused in (await till.post("/api/commissions/approve", asked), await till.pay()):
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:problem:publisher-not-active"
        assert "is suspended" in refused.json()["detail"]


async def test_a_payout_that_bounced_is_taken_back_and_paid_again(till: Till) -> None:
    await till.approve_all()
    payout = (await till.pay()).json()
    path = f"/api/payouts/{payout['id']}"
    named = await till.http.put(f"{path}/payment-reference", json={"payment_reference": " SEPA 1 "})
    assert (named.status_code, named.json()["payment_reference"]) == (200, "SEPA 1")
    assert named.json()["payment_reference_by"] == "staff@example.com"
    untold = await till.get("/api/payouts", has_reference=False)
    assert untold["items"] == []
    why = {"reason": "Account closed."}
    assert (await till.post(f"{path}/void", why)).status_code == 400  # it moves money: needs a key
    key = {"Idempotency-Key": "void-of-november"}
    taken = await till.post(f"{path}/void", why, **key)
    assert taken.status_code == 200, taken.text
    assert (taken.json()["status"], taken.json()["void_reason"]) == ("void", "Account closed.")
    again = await till.post(f"{path}/void", why, **key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (taken.json(), "true")
    other = await till.post(f"{path}/void", why, **{"Idempotency-Key": "void-of-december"})
    assert other.status_code == 409, other.text
    late = await till.http.put(f"{path}/payment-reference", json={"payment_reference": "SEPA 2"})
    assert late.status_code == 409
    second = (await till.pay(**{"Idempotency-Key": "payout-once-more"})).json()
    assert (second["amount_minor"], second["invoice_number"]) == (1500, 2)
    assert (await till.get("/api/payouts", status="booked"))["items"] == [second]
    assert (await till.get("/api/payouts", status="void"))["items"] == [taken.json()]
    assert (await till.get("/api/payouts", has_reference=False))["items"] == [second]
    balance = (await till.get(f"/api/publishers/{till.partner.publisher_id}/balance"))["items"][0]
    assert (balance["approved_minor"], balance["paid_minor"]) == (0, 1500)
    await till.books.check()


async def test_a_dispute_and_its_end(till: Till) -> None:
    first = (await till.get("/api/commissions", currency="EUR"))["items"][0]
    path = f"/api/commissions/{first['id']}"
    raised = await till.post(f"{path}/dispute", {"reason": " A return. "})
    assert raised.status_code == 201, raised.text
    assert (raised.json()["reason"], raised.json()["raised_by"]) == (
        "A return.", "staff@example.com",
    )  # fmt: skip
    assert first["id"] not in (await till.approve_all())["approved"]
    ended = await till.post(f"{path}/resolve", {"resolution": "reversed", "note": "It was."})
    assert ended.json()["resolved_by"] == "staff@example.com"
    told = await till.get(path)
    assert (told["status"], told["amount_minor"]) == ("reversed", 0)
    assert [one["resolution"] for one in told["disputes"]] == ["reversed"]
    await till.books.check()


async def test_discount_codes_stand_for_one_publisher_at_a_time(till: Till) -> None:
    content = {
        "code": "READER10",
        "publisher_id": till.partner.publisher_id,
        "program_id": till.partner.program_id,
    }
    made = (await till.post("/api/discount-codes", content)).json()
    taken = await till.post("/api/discount-codes", content | {"code": "reader10"})
    assert taken.status_code == 409
    assert (await till.get("/api/discount-codes"))["items"] == [made]
    ended = await till.http.delete(f"/api/discount-codes/{made['id']}")
    assert ended.json()["ended_by"] == "staff@example.com"
    assert (await till.http.delete(f"/api/discount-codes/{made['id']}")).json() == ended.json()
    again = await till.post("/api/discount-codes", content | {"code": "reader10"})
    assert again.status_code == 201
    assert (await till.http.delete("/api/discount-codes/dsc_0")).status_code == 404


@pytest.mark.parametrize(
    ("path", "content", "status", "pointer"),
    [
        ("/api/commissions/approve", {}, 422, ""),
        ("/api/commissions/approve", {"ids": [], "due_of_publisher": "p"}, 422, "/ids"),
        ("/api/commissions/approve", {"ids": ["com_0"]}, 422, "/ids/0"),
        ("/api/commissions/approve", {"ids": ["a"] * 1001}, 422, "/ids"),
        ("/api/commissions/approve", {"due_of_publisher": "pub_0"}, 404, None),
        ("/api/commissions/com_0/dispute", {"reason": "x"}, 404, None),
        ("/api/commissions/com_0/dispute", {"reason": " "}, 422, "/reason"),
        ("/api/commissions/com_0/resolve", {"resolution": "reversed"}, 404, None),
        ("/api/commissions/com_0/resolve", {"resolution": "maybe"}, 422, "/resolution"),
        ("/api/commissions/com_0/resolve", {"resolution": "upheld"}, 422, "/resolution"),
        ("/api/payouts", {"publisher_id": "pub_0", "currency": "EUR"}, 422, "/publisher_id"),
        ("/api/payouts", {"publisher_id": "{id}", "currency": "eur"}, 422, "/currency"),
        ("/api/payouts", {"publisher_id": "{id}", "currency": "EUR"}, 409, None),
        ("/api/payouts", {"publisher_id": "{id}", "currency": "EUR", "amount": 5}, 422, "/amount"),
        ("/api/payouts", {"publisher_id": "{id}", "currency": "EUR", "note": "\0"}, 422, "/note"),
        ("/api/payouts/pay_0/void", {"reason": "x"}, 404, None),
        ("/api/payouts/pay_0/void", {"reason": " "}, 422, "/reason"),
        ("/api/discount-codes", {"code": "C", "publisher_id": "pub_0", "program_id": "{program}"},
         422, "/publisher_id"),
        ("/api/discount-codes", {"code": "C", "publisher_id": "{id}", "program_id": "prg_0"},
         422, "/program_id"),
        ("/api/discount-codes", {"code": "  ", "publisher_id": "{id}", "program_id": "{program}"},
         422, "/code"),
    ],
)  # fmt: skip
async def test_what_is_refused_says_why_and_leaves_nothing(
    till: Till, path: str, content: dict[str, Any], status: int, pointer: str | None
) -> None:
    known = {"{id}": till.partner.publisher_id, "{program}": till.partner.program_id}
    sent = {name: known.get(str(value), value) for name, value in content.items()}
    answer = await till.post(path, sent, **KEY)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert await till.books.rows("SELECT id FROM payout") == []
    assert {row["status"] for row in await till.books.commissions()} == {"pending"}


async def test_a_payout_needs_its_key_and_reads_need_a_period(till: Till) -> None:
    asked = {"publisher_id": till.partner.publisher_id, "currency": "EUR"}
    assert (await till.post("/api/payouts", asked)).status_code == 400
    statement = f"/api/publishers/{till.partner.publisher_id}/statement"
    for params in (
        {},
        {"currency": "EURO"},
        {"currency": "EUR", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"currency": "EUR", "since": "0001-01-01T00:00:00+14:00"},
        {"currency": "EUR", "cursor": "e30"},
    ):
        assert (await till.http.get(statement, params=params)).status_code == 400, params
    for path in ("balance", "statement?currency=EUR"):
        assert (await till.http.get(f"/api/publishers/pub_0/{path}")).status_code == 404
    assert (await till.http.get("/api/payouts/pay_0")).status_code == 404
    assert (await till.http.get("/api/commissions/com_0")).status_code == 404
