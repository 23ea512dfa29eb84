"""What staff does in every scenario: ask, follow a run, look at a product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from shared.ids import derived_id
from shared.ports import JsonObject
from tests.e2e.target import Target


async def read(target: Target, path: str, **query: Any) -> JsonObject:
    """Return what a read answers."""
    answer = await target.staff.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: JsonObject = answer.json()
    return found


async def write(
    target: Target, method: str, path: str, content: Any = None, *, version: str | None = None
) -> JsonObject:
    """Return what a write answers that is taken; None where it answers nothing."""
    headers = {} if version is None else {"If-Match": version}
    answer = await target.staff.request(method, path, json=content, headers=headers)
    assert answer.is_success, answer.text
    found: JsonObject = answer.json() if answer.content else {}
    return found


async def walked(target: Target, path: str, **query: Any) -> AsyncIterator[JsonObject]:
    """Yield every item of a list, page by page."""
    cursor = None
    while True:
        page = await read(target, path, **query, **({"cursor": cursor} if cursor else {}))
        for item in page["items"]:
            yield item
        if (cursor := page["next_cursor"]) is None:
            return


async def new_product(target: Target, title: str, *tags: str) -> tuple[str, int]:
    """Put a product with tags on sale; return its id here and its variant in the shop."""
    product = await target.shop.change("add_product", title=title)
    product_id = derived_id("prd", product["gid"])
    if tags:
        await target.shop.change("update_product", product_id=product["id"], tags=list(tags))

    async def here() -> bool:
        answer = await target.staff.get(f"/api/products/{product_id}")
        return answer.status_code == 200 and {t["name"] for t in answer.json()["tags"]} == {*tags}

    await target.eventually(here)
    return product_id, product["variants"][0]["id"]


async def sold(target: Target, variant: int, quantity: int) -> JsonObject:
    """Place an order and return the shop's truth, once the platform has it."""
    order = await target.shop.place_order((variant, quantity))

    async def here() -> bool:
        found = await write(target, "POST", "/api/orders/lookup", {"gids": [order["gid"]]})
        return len(found["items"]) == 1

    await target.eventually(here)
    return order


async def metrics_of(target: Target, product_id: str, **query: Any) -> JsonObject | None:
    """Return a product of the performance list, or None."""
    async for item in walked(target, "/api/performance-metrics", limit=200, **query):
        if item["product_id"] == product_id:
            return item
    return None
