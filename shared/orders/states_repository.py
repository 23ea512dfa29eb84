"""Reads whole orders back: a constant number of queries, however many orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from shared.orders.models import OrderParts, OrderState
from shared.orders.tables import CHILDREN, HEADERS, SUMMARIES
from shared.ports import Database, Row

Writers = str | AbstractSet[str]

# Addresses stay where they are: events carry nothing personal, only the country.
_KINDS: Final = {kind: table for kind, table in CHILDREN.items() if kind != "addresses"}
_PENDING: Final = (
    f"SELECT {HEADERS.select_list}, stream_pending_version AS version FROM order_header"
    " WHERE stream_pending_version IS NOT NULL AND id > $2"
)
_OF_ONE: Final = f"{_PENDING} AND written_by = $1 ORDER BY id LIMIT $3"
_OF_SOME: Final = f"{_PENDING} AND written_by = ANY($1::text[]) ORDER BY id LIMIT $3"
"""Of a few writers: PostgreSQL sorts what it finds, where the orders of one come in order."""
_SUMMARIES: Final = (
    f"SELECT {SUMMARIES.select_list} FROM order_summary WHERE order_id = ANY($1::text[])"
)
_CHILDREN: Final = {
    kind: f"SELECT {table.select_list} FROM {table.name} WHERE order_id = ANY($1::text[])"
    " ORDER BY order_id, id"
    for kind, table in _KINDS.items()
}


async def pending_states(
    db: Database, *, written_by: Writers, after: str | None, limit: int
) -> Sequence[OrderState]:
    """Return the next pending orders of the writers, in the order of their ids.

    Must run inside a transaction: the snapshot is what makes root and children belong together.
    """
    await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    if isinstance(written_by, str):
        roots = await db.fetch_all(_OF_ONE, written_by, after or "", limit)
    else:
        roots = await db.fetch_all(_OF_SOME, sorted(written_by), after or "", limit)
    if not roots:
        return []
    ids = [root["id"] for root in roots]
    summaries = {row["order_id"]: SUMMARIES.of(row) for row in await db.fetch_all(_SUMMARIES, ids)}
    children = {kind: await _children(db, kind, ids) for kind in _KINDS}
    added = await _added(db, ids)
    countries = await _countries(db, ids)
    return [
        OrderState(
            parts=OrderParts(
                header=HEADERS.of(root),
                summary=summaries[root["id"]],
                **{kind: tuple(rows[root["id"]]) for kind, rows in children.items()},
            ),
            version=root["version"],
            added_at={row["id"]: row["added_at"] for row in added[root["id"]]},
            shipping_country_code=countries.get(root["id"]),
        )
        for root in roots
    ]


async def _children(db: Database, kind: str, ids: Sequence[str]) -> Mapping[str, list[Any]]:
    records: defaultdict[str, list[Any]] = defaultdict(list)
    for row in await db.fetch_all(_CHILDREN[kind], ids):
        record = _KINDS[kind].of(row)
        records[record.order_id].append(record)
    return records


async def _added(db: Database, ids: Sequence[str]) -> Mapping[str, list[Row]]:
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in await db.fetch_all(
        "SELECT order_id, id, added_at FROM order_line_item"
        " WHERE order_id = ANY($1::text[]) AND added_at IS NOT NULL",
        ids,
    ):
        rows[row["order_id"]].append(row)
    return rows


async def _countries(db: Database, ids: Sequence[str]) -> Mapping[str, str | None]:
    rows = await db.fetch_all(
        "SELECT order_id, country_code FROM order_address"
        " WHERE order_id = ANY($1::text[]) AND kind = 'shipping'",
        ids,
    )
    return {row["order_id"]: row["country_code"] for row in rows}
