"""Every object of a generated shop makes the same records from its webhook and from bulk."""

from __future__ import annotations

from decimal import Decimal

import httpx
import orjson
import pytest
from local.shopify.options import EmulatorOptions
from local.shopify.rest.orders import order_body
from local.shopify.rest.products import product_body
from local.shopify.shops import generated_store

from shared.ids import gid_number
from shared.integrations.shopify import (
    graphql_products,
    jsonl,
    queries,
    rest_orders,
    rest_products,
)
from shared.integrations.shopify.graphql_orders import order_line, order_parts
from tests.fixtures.shopify import ANCHOR, serve_shopify
from tests.integration.shopify.test_client import UNTIL, Connected, by_id

UNSAID_BY_ORDERS = {"is_edited", "return_status"}
UNSAID_BY_FULFILLMENTS = {"delivered_at", "in_transit_at", "estimated_delivery_at"}
UNSAID_BY_PRODUCTS = {"online_store_url", "is_gift_card"}
UNSAID_BY_VARIANTS = {"available_for_sale", "unit_cost"}


def said(row, unsaid: set[str] = frozenset()) -> dict:
    return {name: value for name, value in row._asdict().items() if name not in unsaid}


def same(webhook: dict, bulk: dict, *, tolerance: Decimal) -> bool:
    """Return whether two records agree, amounts up to a tolerance."""
    return webhook.keys() == bulk.keys() and all(
        abs(value - bulk[name]) <= tolerance if isinstance(value, Decimal) else value == bulk[name]
        for name, value in webhook.items()
    )


def over_the_wire(body: dict) -> dict:
    return orjson.loads(orjson.dumps(body))


@pytest.fixture(scope="module")
def store():
    return generated_store(seed=11, orders=250, anchor=ANCHOR)


@pytest.fixture
async def bulk(store):
    options = EmulatorOptions(throttle_maximum=1e9, throttle_restore_rate=1e9)
    with serve_shopify(store, options) as running:
        async with httpx.AsyncClient() as http:
            shop = Connected(running, http)
            scopes = await shop.client.access_scopes()

            async def fetch(build) -> list[dict]:
                return (await shop.bulk(build(None, UNTIL, scopes=scopes)))[0]

            yield fetch


async def test_orders(store, bulk):
    rows = await bulk(queries.orders_bulk)
    lines = by_id(
        order_line(row, jsonl.parent_of(row)) for row in rows if jsonl.kind_of(row) == "LineItem"
    )
    orders = [order_parts(row) for row in rows if jsonl.kind_of(row) == "Order"]
    assert len(orders) == 250
    for of_bulk in orders:
        order = store.order_by_id(gid_number(of_bulk.header.shopify_gid))
        of_webhook = rest_orders.order_parts(over_the_wire(order_body(order, store)))
        # The emulated shop clips what it owes the buyer at 0, so REST cannot imply what it got.
        unsaid = {"total_received"} if order.edits or order.refunds else set()
        # REST states a payment in the buyer's currency only: converting back may round otherwise.
        is_converted = of_bulk.header.currency != of_bulk.header.presentment_currency
        tolerance = Decimal("0.01") if is_converted else Decimal(0)
        pairs = [(of_webhook.summary, of_bulk.summary)]
        pairs += zip(of_webhook.refunds, of_bulk.refunds, strict=True)
        transactions = by_id(of_bulk.transactions)
        pairs += [(item, transactions[item.id]) for item in of_webhook.transactions]
        for webhook_row, bulk_row in pairs:
            assert same(said(webhook_row, unsaid), said(bulk_row, unsaid), tolerance=tolerance)
        visit = set() if order.landing_page else {"referring_site"}
        assert said(of_webhook.header, UNSAID_BY_ORDERS | visit) == said(
            of_bulk.header, UNSAID_BY_ORDERS | visit
        )
        assert of_webhook.addresses == of_bulk.addresses
        assert by_id(of_webhook.lines) == {line.id: lines[line.id] for line in of_webhook.lines}
        shipped = [said(item, UNSAID_BY_FULFILLMENTS) for item in of_bulk.fulfillments]
        assert [said(item, UNSAID_BY_FULFILLMENTS) for item in of_webhook.fulfillments] == shipped
    assert len(lines) == sum(len(store.order(index).lines) for index in range(250))


async def test_products(store, bulk):
    rows = await bulk(queries.products_bulk)
    variants = by_id(
        graphql_products.variant(row, jsonl.parent_of(row))
        for row in rows
        if jsonl.kind_of(row) == "ProductVariant"
    )
    products = [
        graphql_products.product_parts(row) for row in rows if jsonl.kind_of(row) == "Product"
    ]
    assert products
    for of_bulk in products:
        product = store.product(gid_number(of_bulk.product.shopify_gid))
        of_webhook = rest_products.product_parts(over_the_wire(product_body(product, store)))
        assert said(of_webhook.product, UNSAID_BY_PRODUCTS) == said(
            of_bulk.product, UNSAID_BY_PRODUCTS
        )
        assert of_webhook.tags == of_bulk.tags
        for row in of_webhook.variants:
            assert said(row, UNSAID_BY_VARIANTS) == said(variants[row.id], UNSAID_BY_VARIANTS)
