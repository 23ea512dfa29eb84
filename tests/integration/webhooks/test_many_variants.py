"""A product of more variants than a body holds keeps all of them, whatever is delivered."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from local.shopify.catalogue import Product

from tests.fixtures.webhooks import Webhooks

MANY = 250
COUNT = (
    "SELECT count(*) AS variants, max(p.title) AS title, max(p.price_max) AS price_max"
    " FROM product AS p JOIN product_variant AS v ON v.product_id = p.id WHERE p.shopify_gid = $1"
)


def with_variants(webhooks: Webhooks, number: int) -> Product:
    """Give a product of the shop so many variants, the last one the dearest."""
    product = next(iter(webhooks.shop.store.products.values()))
    first = product.variants[0]
    product.variants[1:] = [
        dataclasses.replace(first, id=first.id + 10_000_000 + n, position=n + 1, sku=f"S{n}")
        for n in range(1, number)
    ]
    product.variants[-1].price = first.price * 3
    return product


async def renamed(webhooks: Webhooks, product: Product, title: str) -> dict[str, Any]:
    """Change a product; return the body that tells of it."""
    webhooks.clock.advance(timedelta(seconds=30))
    webhooks.changes.update_product(product.id, title=title)
    [told] = [one for one in webhooks.taken() if one.topic == "products/update"]
    body: dict[str, Any] = json.loads(told.body)
    return body


@pytest.mark.parametrize("named", ["all", "those left out", "none"])
async def test_no_variant_beyond_the_hundredth_is_lost(webhooks: Webhooks, named: str) -> None:
    product = with_variants(webhooks, MANY)
    assert (await webhooks.sync.run("products", "run_1")).state == "complete"
    for title in ("Once", "Twice"):
        body = await renamed(webhooks, product, title)
        assert (len(body["variants"]), len(body["variant_gids"])) == (100, MANY)
        if named == "those left out":
            body["variant_gids"] = body["variant_gids"][100:120]
        elif named == "none":
            del body["variant_gids"]
        assert (await webhooks.send("products/update", body)).status_code == 200
        await webhooks.drain()
        [row] = await webhooks.rows(COUNT, product.gid)
        assert (row["variants"], row["title"]) == (MANY, title)
        assert row["price_max"] * 100 == product.variants[-1].price
    assert await webhooks.outcomes_of("products/update") == ["written", "written"]


async def test_a_product_is_born_with_all_its_variants(webhooks: Webhooks) -> None:
    product = with_variants(webhooks, MANY)
    body = await renamed(webhooks, product, "Born")
    await webhooks.send("products/create", body)
    await webhooks.drain()
    [row] = await webhooks.rows(COUNT, product.gid)
    assert (row["variants"], row["title"]) == (MANY, "Born")


async def test_variants_that_are_removed_go_also_from_a_large_product(webhooks: Webhooks) -> None:
    product = with_variants(webhooks, MANY)
    await webhooks.sync.run("products", "run_1")
    del product.variants[120:]
    await webhooks.send("products/update", await renamed(webhooks, product, "Fewer"))
    await webhooks.drain()
    [row] = await webhooks.rows(COUNT, product.gid)
    assert row["variants"] == 120


async def test_a_body_that_names_no_more_than_it_holds_is_written_unread(
    webhooks: Webhooks,
) -> None:
    product = with_variants(webhooks, 100)
    await webhooks.sync.run("products", "run_1")
    body = await renamed(webhooks, product, "Whole")
    webhooks.shop.emulator.tokens.clear()
    await webhooks.send("products/update", body)
    await webhooks.drain()
    [row] = await webhooks.rows(COUNT, product.gid)
    assert (row["variants"], row["title"]) == (100, "Whole")
