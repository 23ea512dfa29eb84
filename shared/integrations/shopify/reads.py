"""Reads what has pages inside pages: whole orders, lines of refunds and shipments, products.

Nothing is cut at the first page: every connection is followed to its end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from itertools import islice
from typing import Protocol

from shared.integrations.shopify import documents
from shared.integrations.shopify.errors import QueryTooCostly
from shared.integrations.shopify.graphql_orders import fulfillment_line, refund_line
from shared.integrations.shopify.graphql_products import product_parts
from shared.integrations.shopify.graphql_whole_orders import WholeOrder, whole_order
from shared.integrations.shopify.selections import Scopes, granted
from shared.orders.models import FulfillmentLine, OrderRefundLine
from shared.ports import JsonObject
from shared.products.models import ProductParts


class Queries(Protocol):
    """The part of the client that reads need."""

    async def query(self, document: str, variables: JsonObject | None = None) -> JsonObject:
        """Send a document and return the reply's data."""
        ...


_Read = Callable[[str | None], Awaitable[JsonObject | None]]


async def _drain(read: _Read, first: JsonObject | None = None) -> list[JsonObject]:
    """Return the nodes of a connection, page by page to its end."""
    page = first if first is not None else await read(None)
    found: list[JsonObject] = []
    while page is not None:
        found += [node for node in page["nodes"] if node is not None]
        info = page["pageInfo"]
        page = await read(info["endCursor"]) if info["hasNextPage"] else None
    return found


def _children_of(client: Queries, gid: str, document: str) -> _Read:
    """Return the reader of one connection of a node; an absent node has no children."""

    async def read(after: str | None) -> JsonObject | None:
        node = (await client.query(document, {"id": gid, "after": after})).get("node")
        children: JsonObject | None = node.get("children") if node else None
        return children

    return read


async def read_whole_order(
    client: Queries, gid: str, *, scopes: Scopes = None, customer_data: bool = True
) -> WholeOrder | None:
    """Return an order with everything that belongs to it, or None if it does not exist.

    Raises:
        MalformedNode: A part of it cannot be read.
    """
    if (node := await _first_pages(client, gid, scopes, customer_data)) is None:
        return None
    read = _children_of(client, gid, documents.order_lines(scopes))
    node["lineItems"] = {"nodes": await _drain(read, node.get("lineItems"))}
    await _complete(client, node, "refunds", "refundLineItems", documents.refund_lines_page())
    await _complete(
        client, node, "fulfillments", "fulfillmentLineItems", documents.fulfillment_lines_page()
    )
    if granted(scopes, "returns"):
        await _complete_returns(client, node, gid)
    if node.get("edited") or _has_returns(node):
        node["agreements"] = {"nodes": await _read_agreements(client, gid)}
    return whole_order(node)


def _has_returns(node: JsonObject) -> bool:
    """Return whether goods may have been exchanged; the state needs no scope of its own."""
    state = node.get("returnStatus") or "NO_RETURN"
    return state != "NO_RETURN" or bool(node.get("returns", {}).get("nodes"))


async def _first_pages(
    client: Queries, gid: str, scopes: Scopes, customer_data: bool
) -> JsonObject | None:
    """Return the order with the first pages of its children, or alone where that costs too much."""
    try:
        document = documents.whole_order(scopes, customer_data=customer_data)
        found = await client.query(document, {"id": gid})
    except QueryTooCostly:
        document = documents.order(scopes, customer_data=customer_data)
        found = await client.query(document, {"id": gid})
    return found.get("node") or None


async def _complete(
    client: Queries, node: JsonObject, listed: str, connection: str, document: str
) -> None:
    for item in node.get(listed) or ():
        read = _children_of(client, item["id"], document)
        item[connection] = {"nodes": await _drain(read, item.get(connection))}


async def _complete_returns(client: Queries, node: JsonObject, gid: str) -> None:
    read = _children_of(client, gid, documents.RETURNS)
    node["returns"] = {"nodes": await _drain(read, node.get("returns"))}
    for item in node["returns"]["nodes"]:
        lines = _children_of(client, item["id"], documents.RETURN_LINES)
        item["returnLineItems"] = {"nodes": await _drain(lines, item.get("returnLineItems"))}


async def _read_agreements(client: Queries, gid: str) -> list[JsonObject]:
    """Return the agreements of an order, each with all of its sales."""
    found: list[JsonObject] = []
    read = _children_of(client, gid, documents.AGREEMENTS)
    after: str | None = None
    while (page := await read(after)) is not None:
        for edge in page["edges"]:
            sales = edge["node"]["sales"]
            edge["node"]["sales"] = {"nodes": await _drain(_sales(client, gid, after), sales)}
            found.append(edge["node"])
            after = edge["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    return found


def _sales(client: Queries, gid: str, before: str | None) -> _Read:
    """Return the reader of the sales of the agreement after a cursor: sales have no node."""

    async def read(after: str | None) -> JsonObject | None:
        variables = {"id": gid, "before": before, "after": after}
        node = (await client.query(documents.AGREEMENT_SALES, variables)).get("node")
        agreements = node["children"]["nodes"] if node else ()
        sales: JsonObject | None = agreements[0]["sales"] if agreements else None
        return sales

    return read


async def read_refund_lines(
    client: Queries, orders: Mapping[str, tuple[str, bool]]
) -> list[OrderRefundLine]:
    """Return the lines of refunds, several refunds per request.

    Args:
        client: Sends the queries.
        orders: Refund gid to its order's gid and whether that order's prices include tax.
    """
    document, page = documents.REFUND_LINES, documents.refund_lines_page()
    return [
        refund_line(item, gid, orders[gid][0], taxes_included=orders[gid][1])
        async for gid, item in _in_batches(client, list(orders), document, page)
    ]


async def read_fulfillment_lines(
    client: Queries, orders: Mapping[str, str]
) -> list[FulfillmentLine]:
    """Return the lines of fulfillments, several fulfillments per request.

    Args:
        client: Sends the queries.
        orders: Fulfillment gid to its order's gid.
    """
    document, page = documents.FULFILLMENT_LINES, documents.fulfillment_lines_page()
    return [
        fulfillment_line(item, gid, orders[gid])
        async for gid, item in _in_batches(client, list(orders), document, page)
    ]


async def _in_batches(
    client: Queries, gids: list[str], document: str, page: str
) -> AsyncIterator[tuple[str, JsonObject]]:
    """Yield (owner's gid, child) for the children of many nodes; large ones are read on."""
    waiting = iter(gids)
    while batch := list(islice(waiting, documents.BATCH)):
        nodes = (await client.query(document, {"ids": batch}))["nodes"]
        for gid, node in zip(batch, nodes, strict=True):
            if node:
                read = _children_of(client, gid, page)
                for item in await _drain(read, node["children"]):
                    yield gid, item


async def read_product(client: Queries, gid: str, *, scopes: Scopes = None) -> ProductParts | None:
    """Return a product with all its variants, or None if it does not exist."""
    node: JsonObject | None = (await client.query(documents.product(scopes), {"id": gid})).get(
        "node"
    )
    if not node:
        return None
    read = _children_of(client, gid, documents.product_variants(scopes))
    node["variants"] = {"nodes": await _drain(read, node.get("variants"))}
    return product_parts(node)


async def read_products(
    client: Queries, search: str | None, scopes: Scopes, page_size: int
) -> AsyncGenerator[ProductParts, None]:
    """Yield products in the order of their change, each with all of its variants."""
    document, more = documents.products_page(scopes), documents.product_variants(scopes)
    after: str | None = None
    while True:
        variables = {"search": search, "after": after, "first": page_size}
        page = (await client.query(document, variables))["products"]
        for node in page["nodes"]:
            read = _children_of(client, node["id"], more)
            node["variants"] = {"nodes": await _drain(read, node["variants"])}
            yield product_parts(node)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
