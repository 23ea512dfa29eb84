"""The client against the emulated shop: what bulk delivers is what single reads see."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import orjson
import pytest
from local.shopify.faults import Fault
from local.shopify.options import EmulatorOptions
from local.shopify.shops import generated_store

from shared.clock import SystemClock
from shared.config import Settings
from shared.integrations.shopify import graphql_products, jsonl, queries, reads
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.errors import (
    ApiVersionMismatch,
    BulkResultExpired,
    QueryRefused,
    ShopLocked,
    ShopRedirected,
)
from shared.integrations.shopify.graphql_agreements import added_up, agreement, sale
from shared.integrations.shopify.graphql_orders import order_line, order_parts, return_, return_line
from shared.orders.models import OrderLineAddition
from tests.fixtures.shopify import ANCHOR, serve_shopify

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
SHORT = "{ orders { edges { node { __typename id } } } }"


class Connected:
    """A client, its waits cut short, and the shop it talks to."""

    def __init__(self, shop, http, **settings) -> None:
        self.shop = shop
        self.slept: list[float] = []
        self.shortest = 0.01
        self.client = ShopifyClient(
            http,
            settings=Settings.model_validate(
                {
                    "SHOP_DOMAIN": shop.url.removeprefix("http://"),
                    "SHOPIFY_URL": shop.url,
                    "SHOPIFY_ACCESS_TOKEN": shop.token,
                    **settings,
                }
            ),
            clock=SystemClock(),
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(min(seconds, self.shortest))

    async def bulk(self, query: str) -> tuple[list[dict], object]:
        started = await self.client.start_bulk(query)
        while not (operation := await self.client.bulk_operation(started)).is_terminal:
            await self.sleep(1)
        body = b""
        if operation.url:
            body = b"".join([chunk async for chunk in self.client.download(operation.url)])
            assert len(body) == operation.file_size
        splitter = jsonl.LineSplitter()
        lines = splitter.feed(body) + splitter.flush()
        assert len(lines) == operation.object_count
        assert sum(map(jsonl.is_root_line, lines)) == operation.root_object_count
        return [jsonl.parse_line(line, orjson.loads) for line in lines], operation


@pytest.fixture(scope="module")
def roomy_shop():
    """A shop whose bucket is never empty: these tests read a lot and do not wait."""
    options = EmulatorOptions(throttle_maximum=1e9, throttle_restore_rate=1e9)
    with serve_shopify(generated_store(seed=7, orders=300, anchor=ANCHOR), options) as running:
        yield running


@pytest.fixture
async def connect(roomy_shop) -> AsyncIterator:
    async with httpx.AsyncClient() as http:
        yield lambda shop=roomy_shop, **settings: Connected(shop, http, **settings)


def by_id(rows) -> dict:
    return {row.id: row for row in rows}


def children_of(rows: list[dict]) -> list:
    """Return the records of all rows that are no order, joined to their parents by gid."""
    order_of = {row["id"]: jsonl.parent_of(row) for row in rows if jsonl.kind_of(row) == "Return"}
    made = []
    for row in rows:
        kind, parent = jsonl.kind_of(row), jsonl.parent_of(row)
        if kind == "LineItem":
            made.append(order_line(row, parent))
        elif kind == "Return":
            made.append(return_(row, parent))
        elif kind.endswith("ReturnLineItem"):
            made.append(return_line(row, parent, order_of[parent]))
    return made


async def test_failure_12_a_bulk_result_holds_what_whole_reads_hold(connect):
    """Children come ungrouped; joined by parent they are those of the order read by id."""
    shop = connect()
    scopes = await shop.client.access_scopes()
    rows, _ = await shop.bulk(queries.orders_bulk(None, UNTIL, scopes=scopes))
    parts = {row["id"]: order_parts(row) for row in rows if jsonl.kind_of(row) == "Order"}
    children = children_of(rows)
    assert len(parts) == await shop.client.orders_count()
    rich = [gid for gid, one in parts.items() if one.refunds and one.fulfillments]
    returned = [jsonl.parent_of(row) for row in rows if jsonl.kind_of(row) == "Return"]
    for gid in [*list(parts)[:4], *rich[:4], *returned[:3]]:
        whole = (await reads.read_whole_order(shop.client, gid, scopes=scopes)).parts
        bulk = parts[gid]
        assert (bulk.header, bulk.summary) == (whole.header, whole.summary)
        assert (bulk.addresses, bulk.transactions) == (whole.addresses, whole.transactions)
        assert (bulk.refunds, bulk.fulfillments) == (whole.refunds, whole.fulfillments)
        of_order = by_id(row for row in children if row.order_id == whole.header.id)
        assert of_order == by_id([*whole.lines, *whole.returns, *whole.return_lines])


async def test_agreements_hold_the_refunds_and_edits_that_whole_reads_hold(connect):
    shop = connect()
    rows, _ = await shop.bulk(queries.agreements_bulk(None, UNTIL))
    found = {}
    for row in rows:
        if jsonl.kind_of(row).endswith("Agreement"):
            found[row["id"]] = agreement(row, jsonl.parent_of(row))
    sales = [
        sale(row, of) for row in rows if (of := found.get(jsonl.parent_of(row) or "")) is not None
    ]
    refunded = added_up(row for row in sales if row and not isinstance(row, OrderLineAddition))
    added = {row.order_line_id: row for row in sales if isinstance(row, OrderLineAddition)}
    assert refunded
    assert added
    for gid in list(dict.fromkeys(of.order_gid for of in found.values() if of))[:12]:
        whole = await reads.read_whole_order(shop.client, gid)
        of_bulk = {row.id: row for row in refunded if row.order_id == whole.parts.header.id}
        assert of_bulk.keys() == by_id(whole.parts.refund_lines).keys()
        for row in whole.parts.refund_lines:
            assert of_bulk[row.id].quantity == row.quantity
            assert abs(of_bulk[row.id].amount - row.amount) <= Decimal("0.01")
            assert abs(of_bulk[row.id].tax - row.tax) <= Decimal("0.01")
        for addition in whole.additions:
            assert added[addition.order_line_id] == addition


async def test_products_in_bulk_are_products_by_page(connect):
    shop = connect()
    scopes = await shop.client.access_scopes()
    rows, _ = await shop.bulk(queries.products_bulk(None, UNTIL, scopes=scopes))
    products = {
        row["id"]: graphql_products.product_parts(row)
        for row in rows
        if jsonl.kind_of(row) == "Product"
    }
    variants = [
        graphql_products.variant(row, jsonl.parent_of(row))
        for row in rows
        if jsonl.kind_of(row) == "ProductVariant"
    ]
    paged = [parts async for parts in shop.client.get_products(scopes=scopes)]
    assert len(paged) == len(products)
    for parts in paged:
        assert dataclasses.replace(parts, variants=()) == products[parts.product.shopify_gid]
        of_product = {row.id: row for row in variants if row.product_id == parts.product.id}
        assert by_id(parts.variants) == of_product


async def test_lines_of_refunds_and_shipments_are_read_in_batches(connect):
    shop = connect()
    rows, _ = await shop.bulk(queries.orders_bulk(None, UNTIL))
    orders = [row for row in rows if jsonl.kind_of(row) == "Order"]
    refunds = {
        item["id"]: (row["id"], row["taxesIncluded"]) for row in orders for item in row["refunds"]
    }
    shipments = {item["id"]: row["id"] for row in orders for item in row["fulfillments"]}
    of_refunds = await reads.read_refund_lines(shop.client, refunds)
    of_shipments = await reads.read_fulfillment_lines(
        shop.client, dict(list(shipments.items())[:45])
    )
    for row in [row for row in orders if row["refunds"]][:8]:
        whole = (await reads.read_whole_order(shop.client, row["id"])).parts
        found = {item.id: item for item in of_refunds if item.order_id == whole.header.id}
        assert found == by_id(whole.refund_lines)
        shipped = {item.id: item for item in of_shipments if item.order_id == whole.header.id}
        assert shipped.items() <= by_id(whole.fulfillment_lines).items()
    assert of_shipments


async def test_failure_27_the_window_is_inclusive_below_and_exclusive_above(connect):
    shop = connect()
    rows, _ = await shop.bulk(queries.orders_bulk(None, UNTIL))
    updated = sorted(row["updatedAt"] for row in rows if jsonl.kind_of(row) == "Order")
    since, until = (datetime.fromisoformat(updated[n]) for n in (60, 160))
    rows, _ = await shop.bulk(queries.orders_bulk(since, until))
    found = sorted(row["updatedAt"] for row in rows if jsonl.kind_of(row) == "Order")
    assert found == [at for at in updated if updated[60] <= at < updated[160]]
    counted = await shop.client.orders_count(queries.window(since, until))
    assert counted == len(found)


async def test_no_rows_at_all_is_a_complete_result_without_url(connect):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    rows, operation = await connect().bulk(
        queries.orders_bulk(long_ago, long_ago + timedelta(days=1))
    )
    assert rows == []
    assert operation.is_empty


async def test_a_query_that_breaks_a_rule_of_bulk_is_refused(connect):
    with pytest.raises(QueryRefused, match="at least one connection"):
        await connect().client.start_bulk("{ shop { name } }")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.HTTP_429, Fault.HTTP_430, Fault.HTTP_500, Fault.HTTP_502, Fault.HTTP_503,
        Fault.INTERNAL_ERROR, Fault.THROTTLED,
    ],
)  # fmt: skip
async def test_troubles_that_pass_are_waited_out(connect, shopify, fault):
    shop = connect(shopify)
    shopify.faults.inject(fault, 2)
    assert await shop.client.access_scopes()
    assert shopify.faults.taken[fault] == 2
    assert len(shop.slept) >= 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.HTTP_402, ShopLocked),
        (Fault.HTTP_423, ShopLocked),
        (Fault.WRONG_VERSION, ApiVersionMismatch),
        (Fault.REDIRECT, ShopRedirected),
    ],
)
async def test_failure_08_troubles_that_stay_are_raised(connect, shopify, fault, error):
    shopify.faults.inject(fault)
    with pytest.raises(error):
        await connect(shopify).client.access_scopes()


async def test_failure_10_a_refused_token_gives_way_to_client_credentials(connect, shopify):
    shop = connect(
        shopify,
        SHOPIFY_ACCESS_TOKEN="shpat_revoked",
        SHOPIFY_CLIENT_ID=shopify.options.client_id,
        SHOPIFY_CLIENT_SECRET=shopify.options.client_secret,
    )
    found = await asyncio.gather(*(shop.client.access_scopes() for _ in range(5)))
    assert "read_orders" in found[0]


@pytest.mark.parametrize("fault", [Fault.DOWNLOAD_DROPPED, Fault.DOWNLOAD_500])
async def test_a_broken_download_arrives_whole(connect, shopify, fault):
    shop = connect(shopify)
    shopify.faults.inject(fault, 3)
    rows, _ = await shop.bulk(queries.orders_bulk(None, UNTIL))
    assert shopify.faults.taken[fault] == 3
    assert sum(jsonl.kind_of(row) == "Order" for row in rows) == await shop.client.orders_count()


async def test_an_expired_result_is_told_from_an_outage(connect, shopify):
    shop = connect(shopify)
    shopify.faults.inject(Fault.URL_EXPIRED)
    with pytest.raises(BulkResultExpired):
        await shop.bulk(SHORT)


async def test_a_burst_stays_inside_the_bucket(connect, shopify):
    """The emulator throttles for real: whatever it refuses is asked again, and all arrive."""
    shop = connect(shopify)
    shop.shortest = 0.2
    gids = [row["id"] for row in (await shop.bulk(SHORT))[0]][:3]
    found = await asyncio.gather(*(reads.read_whole_order(shop.client, gid) for gid in gids))
    assert [whole.parts.header.shopify_gid for whole in found] == gids


async def test_metafields_and_tags_reach_the_shop(connect, shopify):
    client = connect(shopify).client
    product = (await anext(client.get_products())).product.shopify_gid
    assert await client.update_metafield(product, "custom", "asset", "https://a/1", kind="url")
    assert not await client.update_metafield(product, "custom", "asset", "https://a/1", kind="url")
    assert await client.update_metafield(product, "custom", "asset", "https://a/2", kind="url")
    await client.add_tags(product, ["fresh tag"])
    async for parts in client.get_products():
        if parts.product.shopify_gid == product:
            assert "fresh tag" in parts.tags
    await client.remove_tags(product, ["fresh tag"])
    async for parts in client.get_products():
        assert "fresh tag" not in parts.tags


async def test_the_shop_tells_its_zone_and_currency(connect):
    shop = await connect().client.shop()
    assert shop.timezone
    assert len(shop.currency) == 3
