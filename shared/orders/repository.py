"""Writes orders: in chunks from a bulk run, or whole from a webhook.

Whoever writes an order's root stamps it with its name (`written_by`), and only the bearer of the
stamp may write the order's children or emit its events. Locks are taken in one order everywhere
(customers, roots by id, children, days), so that writers wait for each other and never in a ring.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from shared import limits
from shared.errors import DomainError
from shared.orders.days_repository import recount_days
from shared.orders.marks_repository import OrderMarks
from shared.orders.models import (
    Fulfillment,
    FulfillmentLine,
    OrderLine,
    OrderLineAddition,
    OrderParts,
    OrderRefundLine,
    OrderReturn,
    OrderReturnLine,
)
from shared.orders.tables import CHILDREN, HEADERS, SPARSE_CHILDREN, SUMMARIES
from shared.ports import Database
from shared.transactions import in_transaction

_REMOVALS: Final = {
    kind: f"DELETE FROM {table.name} WHERE order_id = ANY($1::text[]) AND written_by <> $2"
    f" RETURNING {'created_at' if kind == 'fulfillments' else 'NULL::timestamptz AS created_at'}"
    for kind, table in CHILDREN.items()
}
_NEVER_REMOVED: Final = frozenset({"transactions", "refunds", "fulfillments"})
"""Facts that Shopify never takes back, and that a webhook body may hold only some of."""


@dataclass(frozen=True, slots=True)
class OrderChildren:
    """A chunk of children that came apart from their roots, in any order."""

    lines: tuple[OrderLine, ...] = ()
    refund_lines: tuple[OrderRefundLine, ...] = ()
    additions: tuple[OrderLineAddition, ...] = ()
    fulfillment_lines: tuple[FulfillmentLine, ...] = ()
    returns: tuple[OrderReturn, ...] = ()
    return_lines: tuple[OrderReturnLine, ...] = ()


class OrderWrites:
    """The writing side of the order tables."""

    def __init__(self, db: Database, *, timezone: str) -> None:
        self._db = db
        self._timezone = timezone

    async def upsert_roots(self, parts: Sequence[OrderParts], *, written_by: str) -> int:
        """Write roots with the children that came inline; return how many were not outdated.

        Args:
            parts: At most `limits.UPSERT_CHUNK_ROOTS`; of two copies of an order the newer counts.
            written_by: The bulk run.
        """
        _check_size(len(parts), limits.UPSERT_CHUNK_ROOTS)
        return await in_transaction(self._db, lambda: self._write(parts, written_by))

    async def upsert_children(self, children: OrderChildren, *, written_by: str) -> int:
        """Write children whose root still bears this run; return how many rows were written.

        Args:
            children: At most `limits.UPSERT_CHUNK_CHILDREN` rows.
            written_by: The bulk run that wrote the roots.
        """
        rows = [row for name in children.__slots__ for row in getattr(children, name)]
        _check_size(len(rows), limits.UPSERT_CHUNK_CHILDREN)
        order_ids = {row.order_id for row in rows}

        async def write() -> int:
            bearing = await self._lock_bearing(order_ids, written_by)
            count = await self._write_children([children], bearing, written_by)
            await OrderMarks(self._db).apply(bearing)
            return count + await self._mark_added(children.additions, bearing)

        return await in_transaction(self._db, write)

    async def remove_unseen(
        self, *, written_by: str, kinds: Sequence[str], after: str | None, limit: int
    ) -> tuple[int, str | None]:
        """Remove children that this run did not see, of one page of the roots that bear it.

        Args:
            written_by: The bulk run; its roots must still be pending.
            kinds: Names of `OrderParts` fields that the run delivered completely.
            after: The cursor of the page before, or None.
            limit: How many roots a page has.

        Returns:
            How many rows were removed, and the cursor of the next page or None.
        """

        async def remove() -> tuple[int, str | None]:
            page = await self._db.fetch_all(
                "SELECT id FROM order_header WHERE written_by = $1"
                " AND stream_pending_version IS NOT NULL AND id > $2 ORDER BY id LIMIT $3",
                written_by,
                after or "",
                limit,
            )
            bearing = await self._lock_bearing([row["id"] for row in page], written_by)
            removed = await self._remove(kinds, bearing, written_by)
            return removed, page[-1]["id"] if len(page) == limit else None

        return await in_transaction(self._db, remove)

    async def write_whole(
        self,
        parts: OrderParts,
        *,
        written_by: str,
        additions: Sequence[OrderLineAddition] = (),
        sparse: bool = False,
    ) -> bool:
        """Write one order and its children, and remove those it no longer has.

        Children of a kind that did not come at all are left as they are.

        Args:
            parts: The order.
            written_by: The webhook delivery.
            additions: When its later lines were added.
            sparse: The source is a webhook body: what it does not say stays as it is, and what was
                received is counted from the payments that are known.

        Returns:
            False if a newer state of the order was there already; nothing is written then.
        """
        kinds = [kind for kind in CHILDREN if getattr(parts, kind) and kind not in _NEVER_REMOVED]
        order_id = parts.header.id

        async def write() -> bool:
            if not await self._write([parts], written_by, sparse=sparse):
                return False
            await self._remove(kinds, {order_id}, written_by)
            await self._mark_added(additions, {order_id})
            if sparse:
                await self._count_received(order_id)
            return True

        return await in_transaction(self._db, write)

    async def _write(
        self, parts: Sequence[OrderParts], written_by: str, *, sparse: bool = False
    ) -> int:
        newest: dict[str, OrderParts] = {}
        for part in parts:
            held = newest.get(part.header.id)
            if held is None or held.header.shopify_updated_at <= part.header.shopify_updated_at:
                newest[part.header.id] = part
        await self._note_customers(newest.values())
        headers = [part.header for part in newest.values()]
        won = await HEADERS.write_guarded(self._db, headers, written_by)
        winners = [part for part in newest.values() if part.header.id in won]
        await SUMMARIES.write(self._db, (part.summary for part in winners), written_by)
        await self._write_children(winners, won, written_by, sparse=sparse)
        await OrderMarks(self._db).apply(won)
        return len(winners)

    async def _count_received(self, order_id: str) -> None:
        await self._db.execute(
            "UPDATE order_summary AS s SET total_received = t.received FROM"
            " (SELECT sum(amount) AS received FROM order_transaction WHERE order_id = $1"
            " AND kind IN ('CAPTURE', 'SALE') AND status = 'SUCCESS') AS t"
            " WHERE s.order_id = $1 AND t.received IS NOT NULL",
            order_id,
        )

    async def _note_customers(self, parts: Iterable[OrderParts]) -> None:
        customers = {part.header.customer_id for part in parts} - {None}
        if customers:
            await self._db.execute(
                "INSERT INTO customer (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
                sorted(customer for customer in customers if customer is not None),
            )

    async def _lock_bearing(self, order_ids: Iterable[str], written_by: str) -> set[str]:
        rows = await self._db.fetch_all(
            "SELECT id FROM order_header WHERE id = ANY($1::text[]) AND written_by = $2"
            " ORDER BY id FOR NO KEY UPDATE",
            sorted(order_ids),
            written_by,
        )
        return {row["id"] for row in rows}

    async def _write_children(
        self,
        sources: Sequence[OrderParts | OrderChildren],
        bearing: set[str],
        written_by: str,
        *,
        sparse: bool = False,
    ) -> int:
        count = 0
        for kind, table in (SPARSE_CHILDREN if sparse else CHILDREN).items():
            rows = [
                row
                for source in sources
                for row in getattr(source, kind, ())
                if row.order_id in bearing
            ]
            count += await table.write(self._db, rows, written_by)
            if kind == "fulfillments":
                await self._recount(cast("list[Fulfillment]", rows))
        return count

    async def _recount(self, fulfillments: Iterable[Fulfillment]) -> None:
        instants = {fulfillment.created_at for fulfillment in fulfillments}
        await recount_days(self._db, instants, timezone=self._timezone)

    async def _mark_added(self, additions: Sequence[OrderLineAddition], bearing: set[str]) -> int:
        added = {a.order_line_id: a.added_at for a in additions if a.order_id in bearing}
        if not added:
            return 0
        return await self._db.execute(
            "UPDATE order_line_item AS l SET added_at = a.added_at"
            " FROM unnest($1::text[], $2::timestamptz[]) AS a (id, added_at) WHERE l.id = a.id",
            list(added),
            list(added.values()),
        )

    async def _remove(self, kinds: Sequence[str], bearing: set[str], written_by: str) -> int:
        count = 0
        for kind in kinds:
            rows = await self._db.fetch_all(_REMOVALS[kind], sorted(bearing), written_by)
            count += len(rows)
            if kind == "fulfillments":
                instants = {row["created_at"] for row in rows}
                await recount_days(self._db, instants, timezone=self._timezone)
        return count


def _check_size(rows: int, most: int) -> None:
    if rows > most:
        raise DomainError(f"a chunk has {rows} rows; at most {most} go into one transaction")
