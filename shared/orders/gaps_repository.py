"""Finds what a bulk result cannot say of an order: lines of refunds and of shipments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.ids import derived_id
from shared.orders.models import FulfillmentLine
from shared.ports import Database


class OpenRefund(NamedTuple):
    """A refund of which no line is known."""

    refund_gid: str
    order_gid: str
    taxes_included: bool


class OpenFulfillment(NamedTuple):
    """A successful shipment of which no line is known."""

    id: str
    gid: str
    order_id: str
    order_gid: str
    total_quantity: int
    is_only_one: bool
    """Whether the order has no other successful shipment."""


class ShippableLine(NamedTuple):
    """A line of an order, and how many of its units were ordered and not edited out."""

    id: str
    gid: str
    order_id: str
    kept: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is open in one page of a writer's orders; `cursor` is None on the last."""

    refunds: Sequence[OpenRefund]
    fulfillments: Sequence[OpenFulfillment]
    cursor: str | None


class OrderGaps:
    """Reads over the orders that a bulk run wrote and that are not yet streamed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, *, written_by: str, after: str | None, limit: int) -> Gaps:
        """Return what is open in the next page of orders."""
        rows = await self._db.fetch_all(
            "SELECT id FROM order_header WHERE written_by = $1"
            " AND stream_pending_version IS NOT NULL AND id > $2 ORDER BY id LIMIT $3",
            written_by,
            after or "",
            limit,
        )
        ids = [row["id"] for row in rows]
        return Gaps(
            await self._refunds(ids),
            await self._fulfillments(ids),
            ids[-1] if len(ids) == limit else None,
        )

    async def shippable_lines(self, order_ids: Collection[str]) -> Sequence[ShippableLine]:
        """Return the lines of these orders that are shipped at all."""
        rows = await self._db.fetch_all(
            "SELECT l.id, l.shopify_gid AS gid, l.order_id,"
            " LEAST(l.quantity, l.current_quantity + COALESCE(sum(r.quantity), 0))::bigint AS kept"
            " FROM order_line_item AS l LEFT JOIN order_refund_line AS r ON r.order_line_id = l.id"
            " AND r.order_id = l.order_id WHERE l.order_id = ANY($1::text[])"
            " AND l.requires_shipping GROUP BY l.id",
            sorted(order_ids),
        )
        return [ShippableLine(**row) for row in rows if row["kept"] > 0]

    async def orders_of_returns(self, return_gids: Collection[str]) -> Mapping[str, str]:
        """Return the gid of the order of each of these returns that is known."""
        rows = await self._db.fetch_all(
            "SELECT r.shopify_gid AS gid, h.shopify_gid AS order_gid FROM order_return AS r"
            " JOIN order_header AS h ON h.id = r.order_id WHERE r.shopify_gid = ANY($1::text[])",
            sorted(return_gids),
        )
        return {row["gid"]: row["order_gid"] for row in rows}

    async def _refunds(self, order_ids: Sequence[str]) -> Sequence[OpenRefund]:
        rows = await self._db.fetch_all(
            "SELECT r.shopify_gid AS refund_gid, h.shopify_gid AS order_gid, h.taxes_included"
            " FROM order_refund AS r JOIN order_header AS h ON h.id = r.order_id"
            " WHERE r.order_id = ANY($1::text[]) AND NOT EXISTS"
            " (SELECT FROM order_refund_line AS l WHERE l.order_id = r.order_id"
            " AND l.refund_id = r.id) ORDER BY r.id",
            order_ids,
        )
        return [OpenRefund(**row) for row in rows]

    async def _fulfillments(self, order_ids: Sequence[str]) -> Sequence[OpenFulfillment]:
        rows = await self._db.fetch_all(
            "SELECT f.id, f.shopify_gid AS gid, f.order_id, h.shopify_gid AS order_gid,"
            " f.total_quantity, f.of_order = 1 AS is_only_one FROM"
            " (SELECT *, count(*) OVER (PARTITION BY order_id) AS of_order FROM fulfillment"
            " WHERE order_id = ANY($1::text[]) AND status = 'SUCCESS') AS f"
            " JOIN order_header AS h ON h.id = f.order_id WHERE NOT EXISTS"
            " (SELECT FROM fulfillment_line AS l WHERE l.order_id = f.order_id"
            " AND l.fulfillment_id = f.id) ORDER BY f.id",
            order_ids,
        )
        return [OpenFulfillment(**row) for row in rows]


def whole_shipments(
    fulfillments: Sequence[OpenFulfillment], lines: Sequence[ShippableLine]
) -> list[FulfillmentLine]:
    """Return the lines of the shipments that can only have held everything.

    That is the one successful shipment of an order, if it has as many units as the order has to
    ship; of all others the lines must be read.
    """
    of_order: dict[str, list[ShippableLine]] = {}
    for line in lines:
        of_order.setdefault(line.order_id, []).append(line)
    return [
        FulfillmentLine(
            derived_id("fll", shipment.gid, line.gid),
            shipment.order_id,
            shipment.id,
            line.id,
            line.kept,
        )
        for shipment in fulfillments
        if shipment.is_only_one
        and shipment.total_quantity
        == sum(line.kept for line in of_order.get(shipment.order_id, ()))
        for line in of_order.get(shipment.order_id, ())
    ]
