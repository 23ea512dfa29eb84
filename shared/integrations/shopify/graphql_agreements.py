"""Reads refunds and added lines out of sales agreements, the only form bulk has them in by line.

A bulk result has agreements and their sales in separate rows: first collect the agreements that
matter, then read each sale with the agreement that its `__parentId` names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.ids import derived_id
from shared.integrations.shopify import values as v
from shared.integrations.shopify.models import Agreement
from shared.integrations.shopify.trace import guarded
from shared.orders.models import OrderLineAddition, OrderRefundLine
from shared.ports import JsonObject

_ADDING: Final = frozenset({"OrderEditAgreement", "ReturnAgreement"})
"""Agreements that may add lines: an edit by staff, and a return that exchanges goods."""


@guarded
def agreement(node: JsonObject, order_gid: str) -> Agreement | None:
    """Read an agreement's row; None unless it refunds or may add lines.

    Raises:
        MalformedNode: A field is absent or has a bad value.
    """
    kind = node["__typename"]
    if kind == "RefundAgreement":
        refund_gid = v.plain_gid(node["refund"]["id"])
    elif kind in _ADDING:
        refund_gid = None
    else:
        return None
    return Agreement(
        v.plain_gid(node["id"]), v.plain_gid(order_gid), v.instant(node["happenedAt"]), refund_gid
    )


@guarded
def sale(node: JsonObject, of: Agreement) -> OrderRefundLine | OrderLineAddition | None:
    """Read a sale's row: what a refund takes back of a line, or a line that was added.

    None is a sale of something else: shipping, a tip, an adjustment, units removed by an edit or
    brought back by a return.

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
    # What only adds units to a line of the original order did not add the line.
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


class Sales:
    """What the sales of whole orders come to, read one by one in any order.

    A line that comes into its order after something of it was taken back is no new one: a return
    was called off.
    """

    def __init__(self) -> None:
        self._refund_lines: list[OrderRefundLine] = []
        self._additions: list[OrderLineAddition] = []
        self._taken: dict[str, datetime] = {}

    def read(self, node: JsonObject, of: Agreement) -> None:
        """Read a sale's row.

        Raises:
            MalformedNode: A field is absent or has a bad value.
        """
        row = sale(node, of)
        if isinstance(row, OrderRefundLine):
            self._refund_lines.append(row)
        elif row is not None:
            self._additions.append(row)
        if node.get("actionType") == "RETURN" and (line := node.get("lineItem")) is not None:
            line_id = v.known_id("oln", line["id"])
            first = self._taken.get(line_id, of.happened_at)
            self._taken[line_id] = min(first, of.happened_at)

    @property
    def refund_lines(self) -> list[OrderRefundLine]:
        """Return what refunds took back, one record per refund and line."""
        return added_up(self._refund_lines)

    @property
    def additions(self) -> list[OrderLineAddition]:
        """Return the lines that were added."""
        return [
            row
            for row in self._additions
            if (taken := self._taken.get(row.order_line_id)) is None or row.added_at < taken
        ]


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
