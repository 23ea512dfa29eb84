"""Makes records of a whole order, read by id with all its pages: what bulk cannot deliver.

The node is the order's root with its connections assembled as `{"nodes": [...]}`, which
`reads.read_whole_order` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from shared.integrations.shopify import graphql_orders as rows
from shared.integrations.shopify.graphql_agreements import Sales, agreement
from shared.integrations.shopify.trace import guarded
from shared.integrations.shopify.values import claim, plain_gid
from shared.orders.models import (
    FulfillmentLine,
    OrderLineAddition,
    OrderParts,
    OrderRefundLine,
    OrderReturnLine,
)
from shared.ports import JsonObject


class WholeOrder(NamedTuple):
    """Everything of one order, and when its later lines were added."""

    parts: OrderParts
    additions: tuple[OrderLineAddition, ...]


@guarded
def whole_order(node: JsonObject) -> WholeOrder:
    """Read an order that carries all its connections.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    gid = plain_gid(node["id"])
    returns = list(_nodes(node, "returns"))
    parts = replace(
        rows.order_parts(node),
        lines=tuple(rows.order_line(item, gid) for item in _nodes(node, "lineItems")),
        refund_lines=tuple(_refund_lines(node, gid)),
        fulfillment_lines=tuple(_fulfillment_lines(node, gid)),
        returns=tuple(rows.return_(item, gid) for item in returns),
        return_lines=tuple(_return_lines(returns, gid)),
    )
    return WholeOrder(parts, tuple(_additions(node, gid)))


def _nodes(node: JsonObject, connection: str) -> Iterator[JsonObject]:
    found = node.get(connection)
    return (item for item in (found["nodes"] if found else ()) if item is not None)


def _refund_lines(node: JsonObject, gid: str) -> Iterator[OrderRefundLine]:
    included = claim(node.get("taxesIncluded"))
    for refund in node.get("refunds") or ():
        for item in _nodes(refund, "refundLineItems"):
            yield rows.refund_line(item, refund["id"], gid, taxes_included=included)


def _fulfillment_lines(node: JsonObject, gid: str) -> Iterator[FulfillmentLine]:
    for fulfillment in node.get("fulfillments") or ():
        for item in _nodes(fulfillment, "fulfillmentLineItems"):
            yield rows.fulfillment_line(item, fulfillment["id"], gid)


def _return_lines(returns: list[JsonObject], gid: str) -> Iterator[OrderReturnLine]:
    for item in returns:
        for line in _nodes(item, "returnLineItems"):
            yield rows.return_line(line, item["id"], gid)


def _additions(node: JsonObject, gid: str) -> list[OrderLineAddition]:
    sales = Sales()
    for item in _nodes(node, "agreements"):
        if (of := agreement(item, gid)) is not None:
            for line in _nodes(item, "sales"):
                sales.read(line, of)
    return sales.additions
