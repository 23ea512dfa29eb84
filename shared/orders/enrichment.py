"""Streams what was written: reads pending orders whole, sends their events, clears the marks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.orders.events import order_events
from shared.orders.models import OrderState
from shared.orders.states_repository import Writers, pending_states
from shared.ports import Databases, EventStream
from shared.transactions import in_transaction

Settle = Callable[[Sequence[OrderState]], Awaitable[None]]
"""What else each state leads to; must bear being told the same state again."""


@dataclass(frozen=True, slots=True)
class EnrichPage:
    """What one page of pending orders gave; `cursor` is None on the last."""

    cursor: str | None
    orders: int
    events: int


async def stream_pending(
    databases: Databases,
    stream: EventStream,
    *,
    settle: Settle,
    written_by: Writers,
    after: str | None,
    limit: int,
) -> EnrichPage:
    """Send the events of the next pending orders that bear the stamp of a writer.

    A mark is cleared only after the stream accepted the events and the orders are settled, and only
    if nobody wrote the order meanwhile: whoever did has to emit it again. No connection is held
    while the stream is sent to.

    Args:
        databases: Where the orders are.
        stream: The commerce stream.
        settle: Books the commissions of the orders.
        written_by: The bulk run, or the webhook deliveries, whose orders are due.
        after: The cursor of the page before, or None.
        limit: How many orders a page has.
    """
    async with databases.open() as db, db.transaction():
        states = await pending_states(db, written_by=written_by, after=after, limit=limit)
    events = [event for state in states for event in order_events(state)]
    if events:
        await stream.send([event.model_dump(mode="json") for event in events])
    await settle(states)
    await _clear(databases, states, written_by)
    cursor = states[-1].parts.header.id if len(states) == limit else None
    return EnrichPage(cursor, len(states), len(events))


async def _clear(databases: Databases, states: Sequence[OrderState], written_by: Writers) -> None:
    if not states:
        return
    ids = [state.parts.header.id for state in states]
    versions = [state.version for state in states]
    async with databases.open() as db:
        await in_transaction(
            db,
            lambda: db.execute(
                "UPDATE order_header AS h SET stream_pending_version = NULL"
                " FROM unnest($1::text[], $2::bigint[]) AS s (id, version)"
                " WHERE h.id = s.id AND h.stream_pending_version = s.version"
                " AND h.written_by = ANY($3::text[])",
                ids,
                versions,
                [written_by] if isinstance(written_by, str) else sorted(written_by),
            ),
        )
