"""Staff looks orders up, by whatever name it has, and sees how the days' fulfillments went."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.ids import gid
from shared.orders.models import OrderParts
from shared.orders.repository import OrderWrites
from tests.fixtures import orders as made
from tests.fixtures.staff_api import StaffApi

PATH = "/api/orders/lookup"
DAYS = "/api/fulfillment-daily-summary"
HASH = hashlib.sha256(b"ada@example.com").hexdigest()


def whole_order() -> OrderParts:
    lines = (made.line(10), made.line(9, name='Mug "XL", 🎁'))
    refund = made.refund(1, total_refunded=Decimal("5.00"))
    shipped = made.fulfillment(1)
    return replace(
        made.parts(1, *lines, email_hash=HASH, tags='["vip, \\"gold\\""]'),
        addresses=(made.address(city="Zürich"), made.address("billing")),
        transactions=(made.transaction(1),),
        refunds=(refund,),
        refund_lines=(made.refund_line(refund, lines[0]),),
        fulfillments=(shipped,),
        fulfillment_lines=(made.fulfillment_line(shipped, lines[1]),),
    )


async def store(databases: AsyncpgDatabases, *orders: OrderParts) -> None:
    async with databases.open() as db:
        for order in orders:
            await OrderWrites(db, timezone="UTC").write_whole(order, written_by="whd_1")


async def find(api: StaffApi, **asked: object) -> dict[str, object]:
    response = await api.http.post(PATH, json=asked)
    assert response.status_code == 200, response.text
    body: dict[str, object] = response.json()
    return body


async def test_each_name_of_an_order_finds_the_whole_of_it(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    await store(databases, whole_order(), made.parts(2))
    names = {
        "ids": made.order_id(1),
        "gids": gid("Order", 1),
        "names": "#1001",
        "numbers": 1001,
        "email_hashes": HASH,
    }
    answers = [await find(staff_api, **{kind: [key]}) for kind, key in names.items()]
    assert all(answer == answers[0] for answer in answers)
    [order] = answers[0]["items"]  # type: ignore[misc]
    assert order["tags"] == ['vip, "gold"']
    assert [line["name"] for line in order["lines"]] == ['Mug "XL", 🎁', "Mug - Blue"]
    assert [a["kind"] for a in order["addresses"]] == ["billing", "shipping"]
    assert order["addresses"][1]["city"] == "Zürich"
    assert Decimal(order["transactions"][0]["amount"]) == 20
    assert Decimal(order["refunds"][0]["total_refunded"]) == 5
    assert order["refunds"][0]["lines"][0]["order_line_id"] == order["lines"][1]["id"]
    assert order["fulfillments"][0]["lines"][0]["order_line_id"] == order["lines"][0]["id"]
    assert Decimal(order["summary"]["total_price"]) == 0


async def test_many_keys_find_each_order_once_and_name_those_that_are_not_there(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    newer = made.AT + timedelta(hours=1)
    await store(databases, made.parts(1), made.parts(2, created_at=newer), made.parts(3))
    asked = {
        "ids": [made.order_id(1)],
        "numbers": [1001, 1002, 77],
        "names": ["#1003", "no such 🎁"],
        "gids": [gid("Order", 99)],
        "email_hashes": [HASH],
    }
    walked, cursor = [], None
    for _ in range(3):
        page = await find(staff_api, **asked, limit=1, cursor=cursor)
        walked += [order["name"] for order in page["items"]]  # type: ignore[attr-defined]
        assert set(page["unknown"]) == {"77", "no such 🎁", gid("Order", 99), HASH}  # type: ignore[call-overload]
        cursor = page["next_cursor"]
    assert cursor is None
    assert walked[0] == "#1002"
    assert sorted(walked) == ["#1001", "#1002", "#1003"]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, ""),
        ({"numbers": list(range(101))}, ""),
        ({"ids": ["prd_" + "0" * 32]}, "/ids/0"),
        ({"gids": [gid("Product", 1)]}, "/gids/0"),
        ({"names": ["a\x00"]}, "/names/0"),
        ({"names": ["#1"], "limit": 10_000}, "/limit"),
        ({"name": ["#1"]}, "/name"),
    ],
)
async def test_a_key_of_another_kind_is_named(
    staff_api: StaffApi, asked: dict[str, object], pointer: str
) -> None:
    response = await staff_api.http.post(PATH, json=asked)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


async def test_the_days_tell_success_and_failure(
    staff_api: StaffApi, databases: AsyncpgDatabases
) -> None:
    next_day = made.AT + timedelta(days=1)
    shipments = (
        made.fulfillment(1),
        made.fulfillment(2),
        made.fulfillment(3, status="CANCELLED"),
        made.fulfillment(4, status="OPEN"),
        made.fulfillment(5, created_at=next_day),
    )
    await store(databases, replace(made.parts(1), fulfillments=shipments))
    first = (await staff_api.http.get(DAYS, params={"limit": 1})).json()
    assert first["items"][0]["day"] == next_day.date().isoformat()
    second = await staff_api.http.get(DAYS, params={"cursor": first["next_cursor"]})
    [day] = second.json()["items"]
    assert second.json()["next_cursor"] is None
    assert (day["total_count"], day["success_count"], day["failure_count"]) == (4, 2, 1)
    assert (day["success_rate"], day["failure_rate"]) == (0.5, 0.25)
    only = await staff_api.http.get(DAYS, params={"from": day["day"], "to": day["day"]})
    assert only.json()["items"] == [day]
    assert (await staff_api.http.get(DAYS, params={"from": "2027-01-01"})).json()["items"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 10_000},
        {"from": "yesterday"},
        {"from": "2026-02-02", "to": "2026-02-01"},
        {"cursor": "nonsense"},
        {"cursor": "eyJkYXkiOiJuZXZlciJ9"},
    ],
)
async def test_days_that_are_no_days_are_refused(
    staff_api: StaffApi, asked: dict[str, object]
) -> None:
    assert (await staff_api.http.get(DAYS, params=asked)).status_code == 400
