"""Order Lookup: staff finds an order by whatever a customer says of it."""

from __future__ import annotations

import hashlib

from tests.e2e.staff_work import new_product, sold, write
from tests.e2e.target import Target

LOOKUP = "/api/orders/lookup"


async def test_every_name_of_an_order_finds_it(target: Target) -> None:
    _, variant = await new_product(target, "Looked-up lamp")
    order = await target.shop.place_order((variant, 3), email="Ada.E2E@example.com")
    digest = hashlib.sha256(b"ada.e2e@example.com").hexdigest()

    async def here() -> dict[str, object] | None:
        found = await write(target, "POST", LOOKUP, {"email_hashes": [digest]})
        return found["items"][0] if found["items"] else None

    found = await target.eventually(here)
    assert found["name"] == order["name"]
    assert [line["quantity"] for line in found["lines"]] == [3]
    for keys in (
        {"ids": [found["id"]]},
        {"gids": [order["gid"]]},
        {"names": [order["name"]]},
        {"numbers": [found["number"]]},
    ):
        assert [one["id"] for one in (await write(target, "POST", LOOKUP, keys))["items"]] == [
            found["id"]
        ], keys

    line = order["lines"][0]["id"]
    await target.shop.change("ship", order_id=order["id"])
    await target.shop.change("refund", order_id=order["id"], units=[(line, 1)])

    async def followed() -> bool:
        (whole,) = (await write(target, "POST", LOOKUP, {"ids": [found["id"]]}))["items"]
        return bool(whole["fulfillments"] and whole["refunds"])

    await target.eventually(followed)


async def test_many_are_found_at_once_newest_first_and_the_unknown_are_named(
    target: Target,
) -> None:
    _, variant = await new_product(target, "Bundle")
    orders = [await sold(target, variant, n) for n in (1, 2, 3)]
    asked = {"names": [order["name"] for order in orders] + ["#no-such-order"], "limit": 2}
    first = await write(target, "POST", LOOKUP, asked)
    rest = await write(target, "POST", LOOKUP, {**asked, "cursor": first["next_cursor"]})
    names = [one["name"] for one in first["items"] + rest["items"]]
    assert sorted(names) == sorted(order["name"] for order in orders)
    assert (first["unknown"], rest["next_cursor"]) == (["#no-such-order"], None)


async def test_a_lookup_of_nothing_is_refused(target: Target) -> None:
    answer = await target.staff.post(LOOKUP, json={})
    assert answer.status_code == 422
    answer = await target.staff.post(LOOKUP, json={"ids": ["prd_1"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/ids/0")
