"""What every `EventStream` adapter promises: all of a send is accepted, or none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.errors import InvalidInput
from shared.ports import EventStream, JsonObject
from shared.telemetry import CommerceEvent
from shared.telemetry_rows import Rows, part
from tests.contract.suites.checks import fails_with


@dataclass(frozen=True)
class EventStreamSubject:
    """The commerce stream, and a way to see the events that came out of it so far."""

    stream: EventStream
    landed: Callable[[], Awaitable[list[JsonObject]]]


def event(number: int, **changes: Any) -> JsonObject:
    """Return a commerce event with only what one must have, and the changes."""
    return {
        "event_id": f"evt_{number:05}",
        "occurred_at": "2026-11-20T12:00:00Z",
        "source_version_at": "2026-11-20T12:00:00Z",
        "event_type": "order_created",
        "order_id": f"ord_{number}",
        "currency": "EUR",
        "presentment_currency": "EUR",
        "discount_codes": [],
    } | changes


FULL = event(
    1,
    occurred_at="2026-11-20T23:30:00.123456+02:00",
    event_type="payment_refunded",
    order_line_id="oln_1",
    product_title='Grüße "🎁"\n\u0000\\ \u2028',
    quantity=-3,
    amount_minor=-(2**53 - 1),
    presentment_amount_minor=2**53 - 1,
    is_test=True,
    discount_codes=["A", "", "Ü"],
)


def _events(documents: list[JsonObject]) -> list[CommerceEvent]:
    events = [CommerceEvent.model_validate(document) for document in documents]
    return sorted(events, key=lambda event: event.event_id)


async def events_arrive_as_they_were_sent(subject: EventStreamSubject) -> None:
    await subject.stream.send([FULL, event(2)])
    assert _events(await subject.landed()) == _events([FULL, event(2)])


async def rows_put_together_from_parts_arrive(subject: EventStreamSubject) -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    plain = {name: FULL[name] for name in ("discount_codes", "is_test", "quantity", "currency")}
    money = ("amount_minor", "presentment_amount_minor", "discount_minor", "tax_minor")
    order = part("commerce", {"order_id": "ord_1", **dict.fromkeys(money, 2**53 - 1)})
    told = part("commerce", {"event_type": "order_created", "occurred_at": at, "sku": None})
    rest = {"source_version_at": at, "presentment_currency": "EUR", "product_title": 'ü"\\\n'}
    rows = Rows("commerce")
    rows.add(["evt_1", 'e"2'], told, order, part("commerce", plain | rest))
    await subject.stream.send(rows)
    assert _events(await subject.landed()) == _events(list(rows))
    assert [one["event_id"] for one in rows] == ["evt_1", 'e"2']


async def rows_of_another_stream_are_refused(subject: EventStreamSubject) -> None:
    rows = Rows("sync", ['{"event_id":"evt_1"}'])
    await fails_with(InvalidInput, subject.stream.send(rows))
    assert await subject.landed() == []


async def an_empty_send_is_no_error(subject: EventStreamSubject) -> None:
    await subject.stream.send([])
    assert await subject.landed() == []


async def a_send_of_any_size_arrives_whole(subject: EventStreamSubject) -> None:
    sent = [event(n, product_title="x" * 700) for n in range(1_600)]
    await subject.stream.send(sent)
    assert [e.event_id for e in _events(await subject.landed())] == [e["event_id"] for e in sent]


async def what_is_sent_twice_arrives_at_least_once(subject: EventStreamSubject) -> None:
    await subject.stream.send([event(1)])
    await subject.stream.send([event(1), event(2)])
    assert {e.event_id for e in _events(await subject.landed())} == {"evt_00001", "evt_00002"}


async def one_bad_event_refuses_the_whole_send(subject: EventStreamSubject) -> None:
    events = [event(0), event(1), event(2), event(3, quantity="two")]
    error = await fails_with(InvalidInput, subject.stream.send(events))
    assert [problem.pointer for problem in error.problems] == ["/3/quantity"]
    assert await subject.landed() == []


async def each_way_not_to_fit_is_refused_and_named(subject: EventStreamSubject) -> None:
    refused: list[tuple[str, object]] = [
        ("quantity", 1.5),
        ("quantity", True),
        ("quantity", None),
        ("amount_minor", 2**63),
        ("amount_minor", -(2**63) - 1),
        ("occurred_at", "2026-11-20T12:00:00"),
        ("occurred_at", "yesterday"),
        ("event_type", "order_exploded"),
        ("is_test", "true"),
        ("order_id", None),
        ("discount_codes", "SUMMER"),
        ("an_unknown_column", 1),
    ]
    for field, value in refused:
        error = await fails_with(InvalidInput, subject.stream.send([event(1, **{field: value})]))
        assert [problem.pointer for problem in error.problems] == [f"/0/{field}"], field
    assert await subject.landed() == []


async def a_missing_field_is_named(subject: EventStreamSubject) -> None:
    without = {name: value for name, value in event(1).items() if name != "order_id"}
    error = await fails_with(InvalidInput, subject.stream.send([without]))
    assert [problem.pointer for problem in error.problems] == ["/0/order_id"]
    assert await subject.landed() == []


async def what_is_no_json_is_refused(subject: EventStreamSubject) -> None:
    for value in (float("nan"), {1, 2}, b"bytes", "\ud800"):
        await fails_with(InvalidInput, subject.stream.send([event(1, product_title=value)]))
    assert await subject.landed() == []


CASES = (
    events_arrive_as_they_were_sent,
    rows_put_together_from_parts_arrive,
    rows_of_another_stream_are_refused,
    an_empty_send_is_no_error,
    a_send_of_any_size_arrives_whole,
    what_is_sent_twice_arrives_at_least_once,
    one_bad_event_refuses_the_whole_send,
    each_way_not_to_fit_is_refused_and_named,
    a_missing_field_is_named,
    what_is_no_json_is_refused,
)
