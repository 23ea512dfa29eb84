"""Reads what has pages inside pages: whole orders, lines of refunds and shipments, products.

Nothing is cut at the first page: every connection is followed to its end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from itertools import islice
from typing import Protocol

from shared.integrations.shopify import documents
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
    document = documents.order(scopes, customer_data=customer_data)
    node: JsonObject | None = (await client.query(document, {"id": gid})).get("node")
    if not node:
        return None
    lines = await _drain(_children_of(client, gid, documents.order_lines(scopes)))
    node["lineItems"] = {"nodes": lines}
    await _add_children(client, node, "refunds", "refundLineItems", documents.refund_lines_page())
    await _add_children(
        client, node, "fulfillments", "fulfillmentLineItems", documents.fulfillment_lines_page()
    )
    if granted(scopes, "returns"):
        node["returns"] = {"nodes": await _drain(_children_of(client, gid, documents.RETURNS))}
        for item in node["returns"]["nodes"]:
            read = _children_of(client, item["id"], documents.RETURN_LINES)
            item["returnLineItems"] = {"nodes": await _drain(read)}
    if node.get("edited"):
        node["agreements"] = {"nodes": await _read_agreements(client, gid)}
    return whole_order(node)


async def _add_children(
    client: Queries, node: JsonObject, listed: str, connection: str, document: str
) -> None:
    for item in node.get(listed) or ():
        item[connection] = {"nodes": await _drain(_children_of(client, item["id"], document))}


async def _read_agreements(client: Queries, gid: str) -> list[JsonObject]:
    """Return the agreements of an order, one per page so that the sales of each can be paged."""
    found: list[JsonObject] = []
    before: str | None = None
    while True:
        page = await _agreement_page(client, gid, before, None)
        if page is None or not page["nodes"]:
            return found
        first = page["nodes"][0]

        async def more(after: str | None, before: str | None = before) -> JsonObject | None:
            again = await _agreement_page(client, gid, before, after)
            sales: JsonObject | None = again["nodes"][0]["sales"] if again else None
            return sales

        first["sales"] = {"nodes": await _drain(more, first["sales"])}
        found.append(first)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        before = page["pageInfo"]["endCursor"]


async def _agreement_page(
    client: Queries, gid: str, after: str | None, sale: str | None
) -> JsonObject | None:
    variables = {"id": gid, "after": after, "sale": sale}
    node = (await client.query(documents.AGREEMENT_SALES, variables)).get("node")
    children: JsonObject | None = node.get("children") if node else None
    return children


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
    node: JsonObject | None = (await client.query(documents.PRODUCT, {"id": gid})).get("node")
    if not node:
        return None
    read = _children_of(client, gid, documents.product_variants(scopes))
    node["variants"] = {"nodes": await _drain(read)}
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
