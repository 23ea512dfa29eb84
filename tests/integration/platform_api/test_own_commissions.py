"""A publisher reads what it earned and objects to it; what others earn does not exist for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.clock import FixedClock
from tests.fixtures.commission_desk import Desk
from tests.fixtures.commissions import Books, capture, click_of, referred, refund
from tests.fixtures.platform_api import PlatformApi

ORDERED = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWN = "/v1/publisher"
SCOPES = ("commissions:read", "commissions:dispute")
PERIOD = {"currency": "EUR", "since": "2026-03-01T00:00:00Z", "until": "2026-05-01T00:00:00Z"}


class Purse:
    """Two publishers, the first of which has earned, and the key of each."""

    def __init__(self, api: PlatformApi, desk: Desk, mine: str, other: str) -> None:
        self.api, self.desk, self.mine, self.other = api, desk, mine, other

    async def get(self, path: str, key: str | None = None, **params: Any) -> httpx.Response:
        headers = {"X-Api-Key": key or self.mine}
        return await self.api.http.get(OWN + path, params=params, headers=headers)

    async def post(self, path: str, json: Any, key: str | None = None) -> httpx.Response:
        headers = {"X-Api-Key": key or self.mine}
        return await self.api.http.post(OWN + path, json=json, headers=headers)


@pytest.fixture
async def purse(platform_api: PlatformApi, databases: AsyncpgDatabases) -> Purse:
    books = Books(databases, FixedClock(ORDERED + timedelta(days=1)))
    partner = await books.partner(starts=ORDERED - timedelta(days=90))
    other = await books.partner("Other", starts=ORDERED - timedelta(days=90))
    click = click_of(partner, at=ORDERED)
    for number in (1, 2):
        paid = capture(number, "80.00", number, at=ORDERED)
        back = (refund(number, "20.00", number),) if number == 2 else ()
        await books.settle(referred(number, click, paid, *back, processed_at=ORDERED))
    books.clock.at = ORDERED + timedelta(days=30)
    mine = await platform_api.key(partner.publisher_id, *SCOPES)
    hers = await platform_api.key(other.publisher_id, *SCOPES)
    return Purse(platform_api, Desk(books, partner), mine["key"], hers["key"])


async def test_a_publisher_reads_what_it_earned_and_was_paid(purse: Purse) -> None:
    listed = (await purse.get("/commissions")).json()["items"]
    assert sorted(item["amount_minor"] for item in listed) == [600, 800]
    assert all("updated_by" not in item for item in listed)
    assert (await purse.get("/commissions", status="paid")).json()["items"] == []
    reduced = next(item for item in listed if item["amount_minor"] == 600)
    told = (await purse.get(f"/commissions/{reduced['id']}")).json()
    assert told.items() >= reduced.items()
    assert [(f["kind"], f["commission_minor"]) for f in told["facts"]] == [
        ("capture", 800), ("refund", -200),
    ]  # fmt: skip
    assert told["conversion"]["basis_points"] == 1000
    await purse.desk.approve()
    assert (await purse.get("/balance")).json()["items"][0]["approved_minor"] == 1400
    await purse.desk.pay()
    (payout,) = (await purse.get("/payouts")).json()["items"]
    assert (payout["amount_minor"], payout["invoice_number"]) == (1400, 1)
    assert "created_by" not in payout
    lines = (await purse.get(f"/payouts/{payout['id']}")).json()["lines"]
    assert sorted(line["amount_minor"] for line in lines) == [600, 800]
    statement = (await purse.get("/statement", **PERIOD)).json()
    assert statement["opening"] == statement["closing"] == {"pending_minor": 0, "approved_minor": 0}
    kinds = [item["kind"] for item in statement["items"]]
    assert sorted(kinds) == ["accrual", "accrual", "approval", "approval", "payout", "reversal"]
    assert "staff@example.com" not in str([told, payout, lines, statement])


async def test_a_publisher_sees_that_a_payout_is_void(purse: Purse) -> None:
    await purse.desk.approve()
    paid = await purse.desk.pay()
    voided = await purse.desk.void(paid.id)
    (payout,) = (await purse.get("/payouts")).json()["items"]
    assert (payout["status"], payout["invoice_number"]) == ("void", 1)
    assert datetime.fromisoformat(payout["voided_at"]) == voided.voided_at
    assert (await purse.get(f"/payouts/{paid.id}")).json()["status"] == "void"
    (balance,) = (await purse.get("/balance")).json()["items"]
    assert (balance["approved_minor"], balance["paid_minor"]) == (1400, 0)
    first = (await purse.get("/commissions", status="approved")).json()["items"][0]
    told = (await purse.get(f"/commissions/{first['id']}")).json()
    assert (told["paid_minor"], told["payments"][0]["payout_status"]) == (0, "void")
    statement = (await purse.get("/statement", **PERIOD)).json()
    moved = {item["kind"]: item["approved_minor"] for item in statement["items"]}
    assert (moved["payout"], moved["void"]) == (-1400, 1400)
    assert statement["closing"] == {"pending_minor": 0, "approved_minor": 1400}
    assert "staff@example.com" not in str([payout, told, statement])


async def test_a_dispute_by_the_publisher(purse: Purse) -> None:
    first = (await purse.get("/commissions")).json()["items"][0]["id"]
    path = f"/commissions/{first}/dispute"
    raised = await purse.post(path, {"reason": "It was more."})
    assert raised.status_code == 201, raised.text
    assert raised.json()["raised_by_kind"] == "publisher"
    assert (await purse.post(path, {"reason": "Again."})).status_code == 409
    assert first not in (await purse.desk.approve()).approved
    await purse.desk.resolve(first, "kept")
    told = (await purse.get(f"/commissions/{first}")).json()
    assert (told["status"], told["disputes"][0]["resolution"]) == ("pending", "kept")
    assert "staff@example.com" not in str(told)
    assert (await purse.post(path, {"reason": ""})).status_code == 422


async def test_another_publisher_sees_none_of_it(purse: Purse) -> None:
    await purse.desk.approve()
    payout = await purse.desk.pay()
    first = (await purse.get("/commissions")).json()["items"][0]["id"]
    for path, params in (("/commissions", {}), ("/payouts", {}), ("/statement", PERIOD)):
        assert (await purse.get(path, purse.other, **params)).json()["items"] == []
    assert (await purse.get("/balance", purse.other)).json()["items"] == []
    for path in (f"/commissions/{first}", f"/payouts/{payout.id}"):
        assert (await purse.get(path, purse.other)).status_code == 404
    dispute = await purse.post(f"/commissions/{first}/dispute", {"reason": "x"}, purse.other)
    assert dispute.status_code == 404


async def test_each_scope_opens_its_own(purse: Purse) -> None:
    publisher = purse.desk.partner.publisher_id
    reader = (await purse.api.key(publisher, "commissions:read"))["key"]
    stranger = (await purse.api.key(publisher, "profile:read"))["key"]
    first = (await purse.get("/commissions", reader)).json()["items"][0]["id"]
    for path in ("/commissions", f"/commissions/{first}", "/balance", "/payouts"):
        answer = await purse.get(path, stranger)
        assert answer.status_code == 403
        assert "commissions:read" in answer.json()["detail"]
        assert (await purse.get(path, "bk_live_no")).status_code == 401
    refused = await purse.post(f"/commissions/{first}/dispute", {"reason": "x"}, reader)
    assert refused.status_code == 403
    client = await purse.api.client(publisher, "commissions:read")
    token = (await purse.api.token(client)).json()["access_token"]
    answer = await purse.api.get(f"{OWN}/commissions", token)
    assert len(answer.json()["items"]) == 2
