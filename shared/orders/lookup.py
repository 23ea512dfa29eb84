"""Finds orders by any of their names, whole; and how the fulfillments of each day went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.ids import derived_id
from shared.orders.lookup_repository import FulfillmentDays, Keys, OrderReads, Parts
from shared.orders.schemas import FulfillmentDay, OrderKeys, OrderRead
from shared.ports import Database, Row


async def lookup_orders(
    db: Database, keys: OrderKeys, *, before: tuple[datetime, str] | None = None, limit: int
) -> Sequence[OrderRead]:
    """Return the orders that any key names, each once, newest first.

    Args:
        db: Where the orders are.
        keys: What they are looked up by.
        before: `created_at` and id of the last order of the page before.
        limit: How many at most.
    """
    reads = OrderReads(db)
    async with db.transaction():
        await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        headers = await reads.headers(_keys(keys), before=before, limit=limit)
        parts = await reads.parts([header["id"] for header in headers])
    return [_order(header, parts) for header in headers]


async def unknown_keys(db: Database, keys: OrderKeys) -> list[str]:
    """Return the keys that name no order, as they were given."""
    given = {derived_id("ord", gid): gid for gid in keys.gids}
    given.update({order_id: order_id for order_id in keys.ids})
    unknown = await OrderReads(db).unknown(_keys(keys))
    return [given[key] if kind == "id" else key for kind, key in unknown]


async def fulfillment_days(
    db: Database, *, since: date | None, until: date | None, before: date | None, limit: int
) -> Sequence[FulfillmentDay]:
    """Return the counts of each day that had fulfillments, newest first.

    Args:
        db: Where the counts are.
        since: The first day.
        until: The last day.
        before: The last day of the page before.
        limit: How many at most.
    """
    rows = await FulfillmentDays(db).list(since=since, until=until, before=before, limit=limit)
    return [
        FulfillmentDay(
            **row,
            success_rate=_rate(row["success_count"], row["total_count"]),
            failure_rate=_rate(row["failure_count"], row["total_count"]),
        )
        for row in rows
    ]


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _keys(keys: OrderKeys) -> Keys:
    ids = {*keys.ids, *(derived_id("ord", gid) for gid in keys.gids)}
    return sorted(ids), sorted({*keys.names}), sorted({*keys.numbers}), sorted({*keys.email_hashes})


def _order(header: Row, parts: Parts) -> OrderRead:
    own: dict[str, Sequence[Mapping[str, Any]]] = {
        part: rows.get(header["id"], ()) for part, rows in parts.items()
    }
    refund_lines = _by(own.pop("refund_lines"), "refund_id")
    fulfillment_lines = _by(own.pop("fulfillment_lines"), "fulfillment_id")
    own["refunds"] = [{**row, "lines": refund_lines[row["id"]]} for row in own["refunds"]]
    own["fulfillments"] = [
        {**row, "lines": fulfillment_lines[row["id"]]} for row in own["fulfillments"]
    ]
    summary = next(iter(own.pop("summary")), None)
    return OrderRead.model_validate({**header, **own, "summary": summary})


def _by(rows: Iterable[Mapping[str, Any]], key: str) -> Mapping[str, list[Mapping[str, Any]]]:
    sorted_rows: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        sorted_rows[row[key]].append(row)
    return sorted_rows
