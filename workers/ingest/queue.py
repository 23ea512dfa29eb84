"""What ingest does with a queue message: start its Workflow, try again later, or bury it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from ingest.bindings import IngestBindings
from ingest.starts import artifact_of, start_job
from ingest.webhooks import webhook_ports
from shared.artifacts.requests import refuse_artifact
from shared.clock import format_instant
from shared.errors import DomainError, InvalidInput, PayloadTooLarge
from shared.jobs import Job, ShopifyWebhook, parse_job
from shared.ports import Json, JsonObject
from shared.webhooks.handling import handle_webhooks

RETRIES: Final = 3
"""As configured for the queue; the attempt after the last retry is the one that buries."""
RETRY_DELAY: Final = timedelta(seconds=30)
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the consumer must tell the queue."""

    action: Literal["ack", "retry"]
    delay: timedelta = timedelta(0)
    reason: str | None = None
    """Why the message was buried or is to be tried again."""


DONE: Final = Outcome("ack")


class Message(Protocol):
    """A message as either queue hands it over."""

    @property
    def body(self) -> object:
        """Return what was sent."""
        ...

    @property
    def attempts(self) -> int:
        """Return how often it was delivered, this time included."""
        ...


async def consume(messages: Sequence[Message], bindings: IngestBindings) -> list[Outcome]:
    """Deal with a batch; webhook deliveries are dealt with together, jobs start one by one.

    Returns:
        What to tell the queue of each message, in their order.
    """
    parsed = [_parsed(message.body) for message in messages]
    webhooks = [job for job in parsed if isinstance(job, ShopifyWebhook)]
    results = await handle_webhooks(webhooks, webhook_ports(bindings)) if webhooks else {}
    outcomes = []
    for message, job in zip(messages, parsed, strict=True):
        if isinstance(job, ShopifyWebhook):
            result = results[job.run_id]
            error = result if isinstance(result, Exception) else None
        else:
            error = job if isinstance(job, Exception) else await _started(job, bindings)
        outcomes.append(DONE if error is None else await _failed(message, error, bindings))
    return outcomes


def _parsed(body: object) -> Job | InvalidInput:
    try:
        return parse_job(body)
    except InvalidInput as error:
        return error


async def _started(job: Job, bindings: IngestBindings) -> Exception | None:
    try:
        await start_job(job, bindings)
    except Exception as error:  # noqa: BLE001 - the queue must be told whatever happened
        return error
    return None


async def _failed(message: Message, error: Exception, bindings: IngestBindings) -> Outcome:
    reason = describe(error)
    hopeless = isinstance(error, DomainError) and not error.retryable
    _LOG.warning("job not done", extra={"attempts": message.attempts, "reason": reason})
    if hopeless or message.attempts > RETRIES:
        return await _bury_or_retry(message.body, reason, bindings)
    return Outcome("retry", RETRY_DELAY * message.attempts, reason)


async def store_dead_letter(
    message: object, *, message_id: str, at: datetime, bindings: IngestBindings
) -> str:
    """Keep a message of the dead-letter queue as an object, and return its key.

    Args:
        message: `{reason, message}` of `consume`, or a body that the queue itself gave up.
        message_id: The queue's id, so that a second delivery writes the same object.
        at: When it was sent; its day is part of the key.
        bindings: The ports of ingest.

    Raises:
        Unavailable: It was not kept, or the artifact of its job does not know yet.
    """
    letter: JsonObject = {"reason": "not handled within its retries", "message": message}
    if isinstance(message, dict) and message.keys() in ({"reason", "message"}, {"reason", "key"}):
        letter = dict(message)
    letter |= {"id": message_id, "sent_at": format_instant(at)}
    key = f"dead-letters/{at:%Y-%m-%d}/{message_id}.json"
    body = json.dumps(letter, default=str).encode()
    await bindings.objects.put(key, body, content_type="application/json")
    await _refuse(_parsed(letter.get("message")), letter["reason"], bindings)
    return key


def describe(error: Exception) -> str:
    """Return an error as one line: its name, its text and the fields it names."""
    fields = ", ".join(f"{p.pointer} {p.detail}" for p in getattr(error, "problems", ()))
    return f"{type(error).__name__}: {error}" + (f" ({fields})" if fields else "")


async def _bury_or_retry(message: object, reason: str, bindings: IngestBindings) -> Outcome:
    try:
        await _bury(message, reason, bindings)
    except Exception as error:  # noqa: BLE001 - an unburied message must not be lost
        _LOG.exception("dead letter not accepted")
        return Outcome("retry", RETRY_DELAY, describe(error))
    try:
        await _refuse(_parsed(message), reason, bindings)
    except DomainError as error:  # it is tried again when the letter is kept
        _LOG.warning("an artifact does not know", extra={"reason": describe(error)})
    return Outcome("ack", reason=reason)


async def _bury(message: object, reason: str, bindings: IngestBindings) -> None:
    try:
        await bindings.dead_letters.send({"reason": reason, "message": message})
    except PayloadTooLarge:
        await bindings.dead_letters.send({"reason": reason, "key": await _inbox(message, bindings)})


async def _refuse(job: Job | InvalidInput, reason: str, bindings: IngestBindings) -> None:
    """Say on the artifact of a job that was given up why nobody makes it, until it is replayed."""
    if isinstance(job, InvalidInput) or (made := artifact_of(job)) is None:
        return
    async with bindings.databases.open() as db:
        await refuse_artifact(db, *made, at=bindings.clock.now(), reason=reason)


async def _inbox(message: Json | object, bindings: IngestBindings) -> str:
    body = json.dumps(message, default=str).encode()
    key = f"inbox/{hashlib.sha256(body).hexdigest()}"
    await bindings.objects.put(key, body, content_type="application/json")
    return key
