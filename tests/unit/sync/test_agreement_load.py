"""Refunds and edits by line, wherever their rows stand in the file."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest

from shared.ids import derived_id, gid
from shared.ports import JsonObject
from shared.sync.agreement_load import PART_BYTES, SalesPart, part_count, read_sales
from tests.unit.sync.test_archive import OneObject

ORDER = gid("Order", 1)
LINE = gid("LineItem", 5)


def money(amount: str) -> JsonObject:
    bag = {"amount": amount, "currencyCode": "EUR"}
    return {"shopMoney": bag, "presentmentMoney": bag}


def agreement(number: int, kind: str, **fields: object) -> JsonObject:
    return {
        "__typename": kind,
        "id": gid(kind, number),
        "happenedAt": "2026-11-01T10:00:00Z",
        **fields,
        "__parentId": ORDER,
    }


def sale(of: JsonObject, quantity: int, total: str, action: str, line: str = LINE) -> JsonObject:
    return {
        "__typename": "ProductSale",
        "id": gid("Sale", random.randrange(10**9)),
        "actionType": action,
        "quantity": quantity,
        "totalAmount": money(total),
        "totalTaxAmount": money("0.0"),
        "lineItem": {"id": line},
        "__parentId": of["id"],
    }


PLACED = agreement(1, "OrderAgreement")
REFUNDED = agreement(2, "RefundAgreement", refund={"id": gid("Refund", 9)})
EDITED = agreement(3, "OrderEditAgreement")
RETURNED = agreement(4, "ReturnAgreement")
CALLED_OFF = agreement(5, "ReturnAgreement", happenedAt="2026-11-02T10:00:00Z")
ROWS = [
    {"__typename": "Order", "id": ORDER},
    PLACED,
    REFUNDED,
    EDITED,
    sale(PLACED, 3, "30.0", "ORDER"),
    sale(REFUNDED, -1, "-10.0", "RETURN"),
    sale(REFUNDED, -1, "-9.0", "RETURN"),
    sale(EDITED, 2, "20.0", "ORDER", gid("LineItem", 6)),
    sale(EDITED, -1, "-10.0", "RETURN"),
    RETURNED,
    CALLED_OFF,
    sale(RETURNED, 1, "12.0", "ORDER", gid("LineItem", 7)),
    sale(RETURNED, -1, "-8.0", "RETURN", gid("LineItem", 8)),
    sale(CALLED_OFF, 1, "8.0", "ORDER", gid("LineItem", 8)),
]


def archive(rows: list[JsonObject]) -> OneObject:
    lines = [json.dumps(row, separators=(",", ":")).replace("/", r"\/") for row in rows]
    return OneObject("\n".join(lines).encode() + b"\n")


async def read(rows: list[JsonObject], parts: int = 1) -> SalesPart:
    whole = SalesPart()
    for part in range(parts):
        some = await read_sales(archive(rows), "k", part=part, parts=parts, loads=json.loads)
        whole.refund_lines += some.refund_lines
        whole.additions += some.additions
        whole.records += some.records
    return whole


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("parts", [1, 3])
async def test_failure_mode_12_sales_are_joined_by_their_parent_in_any_order(
    seed: int, parts: int
) -> None:
    rows = list(ROWS)
    random.Random(seed).shuffle(rows)
    found = await read(rows, parts)
    [refunded] = found.refund_lines
    assert refunded.order_line_id == derived_id("oln", LINE)
    assert refunded.refund_id == derived_id("rfd", gid("Refund", 9))
    assert (refunded.quantity, refunded.amount) == (2, Decimal("19.0"))
    assert {added.order_line_id for added in found.additions} == {
        derived_id("oln", gid("LineItem", 6)),
        derived_id("oln", gid("LineItem", 7)),
    }
    assert {added.order_id for added in found.additions} == {derived_id("ord", ORDER)}
    assert found.records == 7


async def test_a_row_whose_keys_stand_in_another_order_is_read_too() -> None:
    rows = [dict(reversed(row.items())) for row in ROWS]
    assert len((await read(rows)).refund_lines) == 1


def test_the_number_of_parts_grows_with_the_file() -> None:
    assert [part_count(size) for size in (0, 1, PART_BYTES, PART_BYTES + 1)] == [1, 1, 1, 2]
