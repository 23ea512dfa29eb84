"""What every `Queue` adapter promises of what it accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from shared import limits
from shared.errors import InvalidInput, PayloadTooLarge
from shared.ports import JsonObject, Queue
from tests.contract.suites.checks import fails_with


@dataclass(frozen=True)
class QueueSubject:
    """The port, and a way to take what a consumer would be given next."""

    queue: Queue
    take: Callable[[], Awaitable[list[JsonObject]]]


async def a_message_arrives_as_it_was_sent(subject: QueueSubject) -> None:
    message = {"text": "Grüße 🎁 \u0000", "n": 2**53 - 1, "list": [1.5, None, True, {"a": []}]}
    await subject.queue.send(message)
    assert await subject.take() == [message]


async def a_batch_of_any_size_arrives_whole(subject: QueueSubject) -> None:
    sent = [{"n": n, "pad": "x" * 3000} for n in range(120)]
    await subject.queue.send_batch(sent)
    taken: list[JsonObject] = []
    while batch := await subject.take():
        taken += batch
    assert sorted(message["n"] for message in taken) == list(range(120))


async def an_empty_batch_is_no_error(subject: QueueSubject) -> None:
    await subject.queue.send_batch([])
    assert await subject.take() == []


async def a_delayed_message_is_not_there_yet(subject: QueueSubject) -> None:
    await subject.queue.send({"late": True}, delay=timedelta(hours=1))
    await subject.queue.send({"late": False})
    assert await subject.take() == [{"late": False}]


async def a_message_at_the_limit_is_accepted(subject: QueueSubject) -> None:
    room = limits.QUEUE_MESSAGE_BYTES - len('{"t": ""}')
    await subject.queue.send({"t": "x" * room})
    assert [len(message["t"]) for message in await subject.take()] == [room]


async def a_larger_message_is_refused(subject: QueueSubject) -> None:
    large = {"t": "é" * (limits.QUEUE_MESSAGE_BYTES // 2)}
    await fails_with(PayloadTooLarge, subject.queue.send(large))
    await fails_with(PayloadTooLarge, subject.queue.send_batch([{"ok": 1}, large]))
    assert await subject.take() == []


async def what_is_no_json_is_refused(subject: QueueSubject) -> None:
    await fails_with(InvalidInput, subject.queue.send({"t": b"bytes"}))
    await fails_with(InvalidInput, subject.queue.send({"t": float("nan")}))


CASES = (
    a_message_arrives_as_it_was_sent,
    a_batch_of_any_size_arrives_whole,
    an_empty_batch_is_no_error,
    a_delayed_message_is_not_there_yet,
    a_message_at_the_limit_is_accepted,
    a_larger_message_is_refused,
    what_is_no_json_is_refused,
)
