"""Reads with pages inside pages follow every connection to its end."""

from __future__ import annotations

import copy
import json

import httpx
import pytest

from shared.integrations.shopify import documents, reads
from shared.integrations.shopify.errors import MalformedNode
from tests.unit.shopify import shapes

ORDER = "gid://shopify/Order/450789469"
REFUND = "gid://shopify/Refund/929361465"
FULFILLMENT = "gid://shopify/Fulfillment/255858046"


def page(nodes: list[dict], after: str | None, size: int) -> dict:
    """Return one page of a connection; a cursor is the index after the last node."""
    start = int(after or 0)
    stop = min(start + size, len(nodes))
    info = {"hasNextPage": stop < len(nodes), "endCursor": str(stop)}
    return {"nodes": nodes[start:stop], "pageInfo": info}


ORDER_LINE = shapes.graphql_order()["lineItems"]["nodes"][0]
REFUND_LINE = shapes.graphql_order()["refunds"][0]["refundLineItems"]["nodes"][0]


def line(number: int) -> dict:
    return {**ORDER_LINE, "id": f"gid://shopify/LineItem/{number}"}


def of_line(number: int) -> dict:
    return {**REFUND_LINE, "lineItem": {"id": f"gid://shopify/LineItem/{number}"}}


def product_sale(number: int) -> dict:
    return {
        "__typename": "ProductSale", "id": f"gid://shopify/ProductSale/{number}",
        "actionType": "ORDER", "quantity": 2, "totalAmount": shapes.bag("1.0"),
        "totalTaxAmount": shapes.bag("0.0"),
        "lineItem": {"id": f"gid://shopify/LineItem/{number}", "quantity": 2},
    }  # fmt: skip


class Shop:
    """An order of 130 lines, all refunded, shipped, returned and added by 3 edits."""

    def __init__(self, wire, count: int = 130) -> None:
        self.wire, self.count, self.returns, self.edits = wire, count, 45, 3
        self.requests: list[dict] = []
        self.root = shapes.graphql_order()
        self.root["edited"] = True
        for name in ("refunds", "fulfillments"):
            for item in self.root[name]:
                item.pop("refundLineItems", None)
                item.pop("fulfillmentLineItems", None)
        del self.root["lineItems"]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        return self.wire.graphql({"node": self.node(body["query"], body["variables"])})

    def node(self, query: str, variables: dict) -> dict | None:
        gid, after = variables["id"], variables.get("after")
        if gid == "gid://shopify/Order/404":
            return None
        if query == documents.whole_order(None):
            return self.with_first_pages()
        if query == documents.order(None):
            return copy.deepcopy(self.root)
        if query == documents.AGREEMENTS:
            return {"children": self.agreements(after)}
        if query == documents.AGREEMENT_SALES:
            number = int(variables["before"] or 0)
            return {"children": {"nodes": [{"sales": self.sales(number, after, 50)}]}}
        return {"children": page(self.children(query, gid), after, 20)}

    def children(self, query: str, gid: str) -> list[dict]:
        of_lines = [of_line(n) for n in range(self.count)]
        of = {
            documents.order_lines(None): [line(n) for n in range(self.count)],
            documents.refund_lines_page(): of_lines,
            documents.fulfillment_lines_page(): of_lines,
            documents.RETURNS: [
                {"id": f"gid://shopify/Return/{n}", "status": "OPEN",
                 "createdAt": "2026-11-01T10:00:00Z"} for n in range(self.returns)
            ],
            documents.RETURN_LINES: [
                {"id": f"{gid.replace('Return', 'ReturnLineItem')}{n:03}", "quantity": 1}
                for n in range(25)
            ],
        }  # fmt: skip
        return of[query]

    def with_first_pages(self) -> dict:
        """Return the order as the first read has it: the start of each connection."""

        def first(document: str, gid: str, size: int) -> dict:
            return page(self.children(document, gid), None, size)

        root = copy.deepcopy(self.root)
        root["lineItems"] = first(documents.order_lines(None), ORDER, 20)
        for item in root["refunds"]:
            item["refundLineItems"] = first(documents.refund_lines_page(), item["id"], 10)
        for item in root["fulfillments"]:
            document = documents.fulfillment_lines_page()
            item["fulfillmentLineItems"] = first(document, item["id"], 10)
        root["returns"] = first(documents.RETURNS, ORDER, 3)
        for item in root["returns"]["nodes"]:
            item["returnLineItems"] = first(documents.RETURN_LINES, item["id"], 10)
        return root

    def agreements(self, after: str | None) -> dict:
        listed = [
            {
                "cursor": str(number + 1),
                "node": {
                    "__typename": "OrderEditAgreement",
                    "id": f"gid://shopify/OrderEditAgreement/{number}",
                    "happenedAt": "2026-11-02T10:00:00Z",
                    "sales": self.sales(number, None, 20),
                },
            }
            for number in range(self.edits)
        ]
        some = page(listed, after, 2)
        return {"edges": some["nodes"], "pageInfo": some["pageInfo"]}

    def sales(self, agreement: int, after: str | None, size: int) -> dict:
        share = -(-self.count // self.edits)
        numbers = range(agreement * share, min((agreement + 1) * share, self.count))
        return page([product_sale(number) for number in numbers], after, size)


class CostlyShop(Shop):
    """A shop where the order and its first pages are too much for one query."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["query"] == documents.whole_order(None):
            error = {"message": "too dear", "extensions": {"code": "MAX_COST_EXCEEDED"}}
            return self.wire.graphql(errors=[error])
        return super().__call__(request)


@pytest.mark.parametrize("kind", [Shop, CostlyShop])
async def test_failure_14_nothing_is_cut_at_the_first_page(wire, kind):
    """Nested lists ended silently at first:N elsewhere; here 130 of everything arrive."""
    shop = kind(wire)
    client, _ = wire(shop)
    parts, additions = await reads.read_whole_order(client, ORDER)
    assert len({row.id for row in parts.lines}) == 130
    assert len({row.id for row in parts.refund_lines}) == 130
    assert len({row.id for row in parts.fulfillment_lines}) == 130
    assert len({row.id for row in parts.returns}) == 45
    assert len({row.id for row in parts.return_lines}) == 45 * 25
    assert {row.order_line_id for row in additions} == {row.id for row in parts.lines}


async def test_an_order_of_usual_size_is_one_request_and_an_edited_one_two(wire):
    for is_edited, wanted in ((False, 1), (True, 2)):
        shop = Shop(wire, count=2)
        shop.root["edited"], shop.returns, shop.edits = is_edited, 0, 2
        client, _ = wire(shop)
        parts, _ = await reads.read_whole_order(client, ORDER)
        assert (len(parts.lines), len(shop.requests)) == (2, wanted)


async def test_agreements_are_read_only_where_lines_may_have_been_added(wire):
    for is_edited, returns, state, is_read in (
        (False, 0, "NO_RETURN", False),
        (False, 0, None, False),
        (True, 0, "NO_RETURN", True),
        (False, 1, None, True),
        (False, 0, "RETURNED", True),
    ):
        shop = Shop(wire, count=1)
        shop.returns = returns
        shop.root |= {"edited": is_edited, "returnStatus": state}
        client, _ = wire(shop)
        assert bool((await reads.read_whole_order(client, ORDER)).additions) is is_read
        assert (documents.AGREEMENTS in {body["query"] for body in shop.requests}) is is_read


async def test_failure_15_returns_are_not_asked_for_without_their_scope(wire):
    shop = Shop(wire, count=1)

    def answer(request):
        body = json.loads(request.content)
        assert "returns(" not in body["query"]
        if "children" in body["query"]:
            return wire.graphql({"node": {"children": page([], None, 1)}})
        return wire.graphql({"node": shop.root | {"edited": False}})

    client, _ = wire(answer)
    scopes = frozenset({"read_orders"})
    assert (await reads.read_whole_order(client, ORDER, scopes=scopes)).parts.returns == ()


async def test_failure_24_an_order_that_was_deleted_meanwhile_is_none_not_an_error(wire):
    client, _ = wire(Shop(wire))
    assert await reads.read_whole_order(client, "gid://shopify/Order/404") is None


async def test_failure_14_batches_of_refunds_are_read_on_where_they_are_long(wire):
    rows = [of_line(number) for number in range(70)]

    def answer(request):
        body = json.loads(request.content)
        if "ids" in body["variables"]:
            nodes = [
                None if gid.endswith("/3") else {"id": gid, "children": page(rows, None, 10)}
                for gid in body["variables"]["ids"]
            ]
            return wire.graphql({"nodes": nodes})
        return wire.graphql({"node": {"children": page(rows, body["variables"]["after"], 50)}})

    client, script = wire(answer)
    gids = [f"gid://shopify/Refund/{number}" for number in range(1, 13)]
    found = await reads.read_refund_lines(client, dict.fromkeys(gids, (ORDER, False)))
    assert len({row.id for row in found}) == 11 * 70
    batches = [body for body in script.bodies if "ids" in body["variables"]]
    assert [len(body["variables"]["ids"]) for body in batches] == [10, 2]
    shipped = await reads.read_fulfillment_lines(
        client, {gid.replace("Refund", "Fulfillment"): ORDER for gid in gids}
    )
    assert len({row.id for row in shipped}) == 11 * 70


async def test_failure_14_products_and_their_variants_are_read_to_the_end(wire):
    variants = [
        shapes.graphql_product()["variants"]["nodes"][0]
        | {"id": f"gid://shopify/ProductVariant/{number}"}
        for number in range(75)
    ]

    def product(number: int) -> dict:
        made = shapes.graphql_product() | {"id": f"gid://shopify/Product/{number}"}
        return made | {"variants": page(variants, None, 10)}

    def answer(request):
        variables = json.loads(request.content)["variables"]
        if "first" in variables:
            listed = [product(number) for number in range(25)]
            return wire.graphql({"products": page(listed, variables["after"], 10)})
        return wire.graphql({"node": {"children": page(variants, variables["after"], 50)}})

    client, _ = wire(answer)
    products = [parts async for parts in client.get_products()]
    assert len({parts.product.id for parts in products}) == 25
    assert {len(parts.variants) for parts in products} == {75}


async def test_a_malformed_child_of_a_whole_order_is_named(wire):
    shop = Shop(wire, count=1)
    shop.root["fulfillments"][0].pop("status")
    client, _ = wire(shop)
    with pytest.raises(MalformedNode, match="/fulfillments/0/status"):
        await reads.read_whole_order(client, ORDER)
