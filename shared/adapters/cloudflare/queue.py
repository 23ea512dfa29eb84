"""The job queue on Cloudflare Queues: sending, and handing a batch to a consumer.

A message is sent as JSON text: its size is then the one that was checked, and no number changes its
type on the way. The consumer takes JSON values too, so that others may send them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Protocol

from shared.adapters.cloudflare.errors import unavailable
from shared.adapters.encoding import queue_body
from shared.adapters.redelivery import delay_after
from shared.ports import JsonObject

BATCH_MESSAGES: Final = 100
BATCH_BYTES: Final = 250_000
_LOG: Final = logging.getLogger(__name__)


class Outcome(Protocol):
    """What a consumer says of a message: it is done, or to be tried again after a delay."""

    @property
    def action(self) -> Literal["ack", "retry"]:
        """Return what to tell the queue."""
        ...

    @property
    def delay(self) -> timedelta:
        """Return how long to wait before a retry."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message handed to a consumer: `attempts` counts this delivery too."""

    id: str
    body: object
    attempts: int
    sent_at: datetime


class CloudflareQueue:
    """The producer's side of one queue."""

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    async def send(self, message: JsonObject, /, *, delay: timedelta = timedelta(0)) -> None:
        """Accept one message."""
        with unavailable("Queue"):
            await self._binding.send(
                queue_body(message),
                contentType="text",
                delaySeconds=int(delay.total_seconds()),
            )

    async def send_batch(self, messages: Sequence[JsonObject], /) -> None:
        """Accept all the messages, in requests of the size the queue takes."""
        for bodies in list(_batches([queue_body(message) for message in messages])):
            with unavailable("Queue"):
                await self._binding.sendBatch(
                    [{"body": body, "contentType": "text"} for body in bodies]
                )


async def deliver(batch: Any, consume: Callable[[Delivery], Awaitable[Outcome]]) -> None:
    """Hand over one message after the other; a consumer that raises gets the message again."""
    for message in batch.messages:
        try:
            _settle(message, await consume(_delivery(message)))
        except Exception:  # noqa: BLE001 - whatever fails, the message comes again
            _again([message])


async def deliver_together(
    batch: Any, consume: Callable[[Sequence[Delivery]], Awaitable[Sequence[Outcome]]]
) -> None:
    """Hand over the whole batch; a consumer that raises gets all of it again."""
    messages = list(batch.messages)
    try:
        outcomes = await consume([_delivery(message) for message in messages])
    except Exception:  # noqa: BLE001 - whatever fails, the messages come again
        _again(messages)
        return
    for message, outcome in zip(messages, outcomes, strict=True):
        _settle(message, outcome)


def _delivery(message: Any) -> Delivery:
    return Delivery(
        str(message.id),
        _value(message.body),
        int(message.attempts),
        message.timestamp.replace(tzinfo=UTC),  # Dates arrive as naive UTC
    )


def _settle(message: Any, outcome: Outcome) -> None:
    if outcome.action == "ack":
        message.ack()
    else:
        message.retry(delaySeconds=int(outcome.delay.total_seconds()))


def _again(messages: Sequence[Any]) -> None:
    ids = [str(message.id) for message in messages]
    _LOG.exception("messages failed", extra={"message_ids": ids})
    for message in messages:
        message.retry(delaySeconds=int(delay_after(int(message.attempts)).total_seconds()))


def _value(body: object) -> object:
    """Return the JSON value of a body; text that is no JSON stays text."""
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def _batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if batch and (len(batch) == BATCH_MESSAGES or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
