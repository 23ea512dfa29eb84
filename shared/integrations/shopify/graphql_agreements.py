"""Reads refunds and edits out of sales agreements, the only form in which bulk has them by line.

A bulk result has agreements and their sales in separate rows: first collect the agreements that
matter, then read each sale with the agreement that its `__parentId` names.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.models import Agreement
from shared.integrations.shopify.trace import guarded
from shared.orders.models import OrderLineAddition, OrderRefundLine
from shared.ports import JsonObject


@guarded
def agreement(node: JsonObject, order_gid: str) -> Agreement | None:
    """Read an agreement's row; None unless it refunds or edits the order.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    kind = node["__typename"]
    if kind == "RefundAgreement":
        refund_gid = v.plain_gid(node["refund"]["id"])
    elif kind == "OrderEditAgreement":
        refund_gid = None
    else:
        return None
    return Agreement(
        v.plain_gid(node["id"]), v.plain_gid(order_gid), v.instant(node["happenedAt"]), refund_gid
    )


@guarded
def sale(node: JsonObject, of: Agreement) -> OrderRefundLine | OrderLineAddition | None:
    """Read a sale's row: what a refund takes back of a line, or a line that an edit added.

    None is a sale of something else: shipping, a tip, an adjustment, units removed by an edit.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    line = node.get("lineItem")
    if line is None:
        return None
    line_id = v.known_id("oln", line["id"])
    order_id = v.known_id("ord", of.order_gid)
    if of.refund_gid is not None:
        return _refunded(node, of.refund_gid, v.plain_gid(line["id"]), order_id)
    # An edit that only adds units to a line of the original order did not add the line.
    units = v.integer(node.get("quantity"))
    if node.get("actionType") == "ORDER" and units > 0 and units == line.get("quantity", units):
        return OrderLineAddition(line_id, order_id, of.happened_at)
    return None


def _refunded(
    node: JsonObject, refund_gid: str, line_gid: str, order_id: str
) -> OrderRefundLine | None:
    if node.get("actionType") == "ORDER":
        return None
    total, presentment_total = v.money(node["totalAmount"])
    tax, presentment_tax = v.money(node.get("totalTaxAmount"))
    return OrderRefundLine(
        derived_id("rfl", refund_gid, line_gid),
        order_id,
        v.known_id("rfd", refund_gid),
        v.known_id("oln", line_gid),
        -v.integer(node.get("quantity")),
        tax - total,
        -tax,
        presentment_tax - presentment_total,
        -presentment_tax,
    )


def added_up(lines: Iterable[OrderRefundLine]) -> list[OrderRefundLine]:
    """Return one line per (refund, order line): a refund may hold several sales of one line."""
    sums: dict[str, OrderRefundLine] = {}
    for line in lines:
        known = sums.get(line.id)
        sums[line.id] = (
            line
            if known is None
            else known._replace(
                quantity=known.quantity + line.quantity,
                amount=known.amount + line.amount,
                tax=known.tax + line.tax,
                presentment_amount=known.presentment_amount + line.presentment_amount,
                presentment_tax=known.presentment_tax + line.presentment_tax,
            )
        )
    return list(sums.values())
