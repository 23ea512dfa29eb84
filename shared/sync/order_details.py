"""Closes the gaps that bulk leaves in a run's orders: by what is known, else by reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared import limits
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.reads import read_fulfillment_lines, read_refund_lines
from shared.orders.gaps_repository import Gaps, OpenFulfillment, OrderGaps, whole_shipments
from shared.orders.models import FulfillmentLine, OrderRefundLine
from shared.orders.repository import OrderChildren, OrderWrites
from shared.ports import Databases
from shared.sync.load import in_chunks

ORDERS_PER_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class DetailPage:
    """What one page of orders needed."""

    cursor: str | None
    read: int
    written: int


async def close_gaps(
    databases: Databases,
    client: ShopifyClient | None,
    *,
    written_by: str,
    timezone: str,
    after: str | None,
) -> DetailPage:
    """Write the lines of refunds and shipments of the next page of a run's orders.

    Args:
        databases: No connection is held while Shopify is asked.
        client: None in a replay: then only what can be derived is written.
        written_by: The run that wrote the orders.
        timezone: The shop's.
        after: The cursor of the page before, or None.
    """
    async with databases.open() as db:
        reads = OrderGaps(db)
        gaps = await reads.page(written_by=written_by, after=after, limit=ORDERS_PER_PAGE)
        lone = [shipment for shipment in gaps.fulfillments if shipment.is_only_one]
        lines = await reads.kept_lines({shipment.order_id for shipment in lone})
    derived = whole_shipments(lone, lines)
    refunds, shipped = await _read(client, gaps, derived)
    written = await _write(
        databases, refunds, [*derived, *shipped], written_by=written_by, timezone=timezone
    )
    return DetailPage(gaps.cursor, len(refunds) + len(shipped), written)


async def _read(
    client: ShopifyClient | None, gaps: Gaps, derived: Sequence[FulfillmentLine]
) -> tuple[Sequence[OrderRefundLine], Sequence[FulfillmentLine]]:
    if client is None:
        return [], []
    open_refunds = {
        refund.refund_gid: (refund.order_gid, refund.taxes_included) for refund in gaps.refunds
    }
    known = {line.fulfillment_id for line in derived}
    refunds = await read_refund_lines(client, open_refunds)
    return refunds, await read_fulfillment_lines(client, _unknown(gaps.fulfillments, known))


def _unknown(fulfillments: Sequence[OpenFulfillment], known: set[str]) -> dict[str, str]:
    return {
        shipment.gid: shipment.order_gid for shipment in fulfillments if shipment.id not in known
    }


async def _write(
    databases: Databases,
    refunds: Sequence[OrderRefundLine],
    shipped: Sequence[FulfillmentLine],
    *,
    written_by: str,
    timezone: str,
) -> int:
    size = limits.UPSERT_CHUNK_CHILDREN
    chunks = [OrderChildren(refund_lines=tuple(some)) for some in in_chunks(refunds, size)]
    chunks += [OrderChildren(fulfillment_lines=tuple(some)) for some in in_chunks(shipped, size)]
    written = 0
    async with databases.open() as db:
        writes = OrderWrites(db, timezone=timezone)
        for chunk in chunks:
            written += await writes.upsert_children(chunk, written_by=written_by)
    return written
