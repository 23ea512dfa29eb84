"""Finds what a bulk result cannot say of an order: lines of refunds and of shipments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.ids import derived_id
from shared.orders.arithmetic import RETURNING, kept_units
from shared.orders.models import FulfillmentLine
from shared.ports import Database

_KEPT: Final = (
    "SELECT l.id, l.shopify_gid AS gid, l.order_id, l.quantity, l.current_quantity,"
    " COALESCE(r.units, 0)::bigint AS refunded, COALESCE(b.units, 0)::bigint AS returning"
    " FROM order_line_item AS l"
    " LEFT JOIN (SELECT order_line_id, sum(quantity) AS units FROM order_refund_line"
    " WHERE order_id = ANY($1::text[]) GROUP BY order_line_id) AS r ON r.order_line_id = l.id"
    " LEFT JOIN (SELECT x.order_line_id,"
    " sum(GREATEST(x.quantity - x.refunded_quantity, 0)) AS units FROM order_return_line AS x"
    " JOIN order_return AS o ON o.id = x.return_id WHERE x.order_id = ANY($1::text[])"
    " AND o.status = ANY($2::text[]) GROUP BY x.order_line_id) AS b ON b.order_line_id = l.id"
    " WHERE l.order_id = ANY($1::text[])"
)


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


class KeptLine(NamedTuple):
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

    async def kept_lines(self, order_ids: Collection[str]) -> Sequence[KeptLine]:
        """Return the lines of these orders that were not wholly edited out."""
        rows = await self._db.fetch_all(_KEPT, sorted(order_ids), sorted(RETURNING))
        lines = [
            KeptLine(
                row["id"],
                row["gid"],
                row["order_id"],
                kept_units(
                    row["quantity"], row["current_quantity"], row["refunded"], row["returning"]
                ),
            )
            for row in rows
        ]
        return [line for line in lines if line.kept]

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
    fulfillments: Sequence[OpenFulfillment], lines: Sequence[KeptLine]
) -> list[FulfillmentLine]:
    """Return the lines of the shipments that can only have held everything.

    That is the one successful shipment of an order, if it has as many units as all lines of the
    order; of all others the lines must be read. What needs no shipping counts too: a gift card is
    fulfilled as well, and often by itself.
    """
    of_order: dict[str, list[KeptLine]] = {}
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
