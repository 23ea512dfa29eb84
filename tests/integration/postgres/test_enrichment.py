"""What was written is streamed once more than enough and never lost: the marks of the outbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.embedded.database import AsyncpgDatabases
from shared.errors import Unavailable
from shared.orders.enrichment import EnrichPage, stream_pending
from shared.orders.events import order_events
from shared.orders.models import OrderLineAddition, OrderParts
from shared.orders.repository import OrderChildren, OrderWrites
from shared.orders.states_repository import pending_states
from shared.ports import Database, JsonObject
from shared.telemetry import CommerceEvent
from tests.fixtures import orders as make
from tests.fixtures.orders import unsettled

AT = make.AT
LATER = AT + timedelta(hours=1)


class RecordingStream:
    """A stream that keeps what it accepts, and may do something else first."""

    def __init__(self, before: Callable[[], Awaitable[None]] | None = None) -> None:
        self.events: list[CommerceEvent] = []
        self._before = before

    async def send(self, events: Sequence[JsonObject], /) -> None:
        if self._before is not None:
            await self._before()
        self.events += [CommerceEvent.model_validate(event) for event in events]


async def pending(db: Database) -> list[str]:
    rows = await db.fetch_all(
        "SELECT name FROM order_header WHERE stream_pending_version IS NOT NULL ORDER BY number"
    )
    return [row["name"] for row in rows]


async def drain(
    databases: AsyncpgDatabases, stream: RecordingStream, *, written_by: str, limit: int
) -> list[EnrichPage]:
    pages, after = [], None
    while True:
        page = await stream_pending(
            databases, stream, settle=unsettled, written_by=written_by, after=after, limit=limit
        )
        pages.append(page)
        after = page.cursor
        if after is None:
            return pages


def rich(number: int) -> OrderParts:
    """An order whose state gives every type of event."""
    line = make.line(number, number)
    refund, shipment = make.refund(number, number), make.fulfillment(number, number)
    back = make.return_(number, number)
    return OrderParts(
        header=make.header(
            number,
            cancelled_at=LATER,
            closed_at=LATER,
            discount_codes='["SAVE", "\U0001f600"]',
            custom_attributes='[{"key": "click_id", "value": "click"}]',
        ),
        summary=make.summary(number),
        addresses=(make.address("shipping", number, country_code="DE"),),
        lines=(line,),
        transactions=(make.transaction(number, number),),
        refunds=(refund,),
        refund_lines=(make.refund_line(refund, line, amount=Decimal("3.3333")),),
        fulfillments=(shipment,),
        fulfillment_lines=(make.fulfillment_line(shipment, line),),
        returns=(back,),
        return_lines=(make.return_line(number, back, line),),
    )


class TestStates:
    """The whole state comes back as it was written, in a constant number of queries."""

    async def test_a_state_is_what_was_written(self, db: Database) -> None:
        orders = [rich(number) for number in (1, 2, 3)]
        writes = OrderWrites(db, timezone="UTC")
        await writes.upsert_roots(orders, written_by="run")
        line = orders[0].lines[0]
        addition = OrderLineAddition(line.id, line.order_id, LATER)
        await writes.upsert_children(OrderChildren(additions=(addition,)), written_by="run")
        async with db.transaction():
            states = await pending_states(db, written_by="run", after=None, limit=10)
        expected = {order.header.id: replace(order, addresses=()) for order in orders}
        assert {state.parts.header.id: state.parts for state in states} == expected
        added = {state.parts.header.id: state.added_at for state in states}
        assert added[line.order_id] == {line.id: LATER}
        assert {state.shipping_country_code for state in states} == {"DE"}
        assert {state.version for state in states} == {1}

    async def test_the_number_of_queries_does_not_grow(self, db: Database) -> None:
        class Counting:
            def __init__(self) -> None:
                self.queries = 0

            def __getattr__(self, name: str) -> object:
                self.queries += name.startswith("fetch")
                return getattr(db, name)

        writes = OrderWrites(db, timezone="UTC")
        await writes.upsert_roots([rich(number) for number in range(1, 31)], written_by="run")
        counts = []
        for limit in (1, 30):
            counting = Counting()
            async with db.transaction():
                await pending_states(counting, written_by="run", after=None, limit=limit)  # type: ignore[arg-type]
            counts.append(counting.queries)
        assert counts[0] == counts[1] <= 14


class TestStreaming:
    """Pages of pending orders; each order's events are those of its state."""

    async def test_every_event_type_of_every_order(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        orders = [rich(number) for number in range(1, 6)]
        await OrderWrites(db, timezone="UTC").upsert_roots(orders, written_by="run")
        stream = RecordingStream()
        pages = await drain(databases, stream, written_by="run", limit=2)
        assert [page.orders for page in pages] == [2, 2, 1]
        assert sum(page.events for page in pages) == len(stream.events) == 5 * 7
        expected = {
            event.event_id: event for order in orders for event in order_events(make.state(order))
        }
        assert {event.event_id: event for event in stream.events} == expected
        assert await pending(db) == []

    async def test_a_second_time_there_is_nothing(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        await OrderWrites(db, timezone="UTC").upsert_roots([rich(1)], written_by="run")
        await drain(databases, RecordingStream(), written_by="run", limit=10)
        again = RecordingStream()
        assert await drain(databases, again, written_by="run", limit=10) == [EnrichPage(None, 0, 0)]
        assert again.events == []

    async def test_a_page_that_is_exactly_full(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        await OrderWrites(db, timezone="UTC").upsert_roots([rich(1), rich(2)], written_by="run")
        pages = await drain(databases, RecordingStream(), written_by="run", limit=2)
        assert [page.orders for page in pages] == [2, 0]

    async def test_only_the_last_writer_emits(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        writes = OrderWrites(db, timezone="UTC")
        await writes.upsert_roots([rich(1), rich(2)], written_by="run")
        await writes.write_whole(rich(2), written_by="hook")
        stream = RecordingStream()
        await drain(databases, stream, written_by="run", limit=10)
        assert {event.order_id for event in stream.events} == {make.order_id(1)}
        assert await pending(db) == ["#1002"]

    async def test_an_order_without_any_fact(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        await OrderWrites(db, timezone="UTC").upsert_roots([make.parts(1)], written_by="run")
        stream = RecordingStream()
        (page,) = await drain(databases, stream, written_by="run", limit=10)
        assert (page.orders, page.events, stream.events) == (1, 0, [])
        assert await pending(db) == []


class TestMarks:
    """A mark is cleared only for the state that the stream accepted."""

    @pytest.mark.parametrize("writer", ["hook", "run"])
    async def test_a_write_during_enrichment_keeps_its_mark(
        self, db: Database, databases: AsyncpgDatabases, writer: str
    ) -> None:
        writes = OrderWrites(db, timezone="UTC")
        await writes.upsert_roots([rich(1), rich(2)], written_by="run")

        async def overtake() -> None:
            order = rich(1)
            changed = replace(order, header=order.header._replace(shopify_updated_at=LATER))
            assert await writes.write_whole(changed, written_by=writer)

        await stream_pending(
            databases,
            RecordingStream(overtake),
            settle=unsettled,
            written_by="run",
            after=None,
            limit=10,
        )
        assert await pending(db) == ["#1001"]
        stream = RecordingStream()
        await drain(databases, stream, written_by=writer, limit=10)
        assert {event.source_version_at for event in stream.events} == {LATER}
        assert await pending(db) == []

    async def test_what_the_stream_refused_stays_pending(
        self, db: Database, databases: AsyncpgDatabases
    ) -> None:
        await OrderWrites(db, timezone="UTC").upsert_roots([rich(1)], written_by="run")

        async def refuse() -> None:
            raise Unavailable("the stream is down")

        with pytest.raises(Unavailable, match="stream"):
            await drain(databases, RecordingStream(refuse), written_by="run", limit=10)
        assert await pending(db) == ["#1001"]
