"""Messages that could not be handled: list them, read one, send it again, or drop it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import InvalidInput, NotFound
from shared.jobs import parse_job
from shared.ports import Json, JsonObject, ObjectStore, Queue

PREFIX: Final = "dead-letters/"


class DeadLetterNotFound(NotFound):
    """There is no such dead letter."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message, with the reason why it was given up."""

    key: str
    """`dead-letters/{day}/{id}.json`."""
    day: str
    id: str
    reason: str
    sent_at: str | None
    message: Json
    """None where it was too large; then `message_key` names the object that holds it."""
    message_key: str | None


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Some letters, the oldest first; `cursor` is None on the last page."""

    letters: Sequence[DeadLetter]
    cursor: str | None


async def list_dead_letters(
    objects: ObjectStore, *, day: str | None = None, cursor: str | None = None, limit: int
) -> DeadLetterPage:
    """Return letters, of one day or of all, the oldest day first."""
    prefix = f"{PREFIX}{day}/" if day else PREFIX
    page = await objects.list(prefix=prefix, cursor=cursor, limit=limit)
    found = [await _read(objects, entry.key) for entry in page.objects]
    return DeadLetterPage([letter for letter in found if letter is not None], page.cursor)


async def get_dead_letter(objects: ObjectStore, day: str, letter_id: str) -> DeadLetter:
    """Return a letter. Raises DeadLetterNotFound."""
    letter = await _read(objects, f"{PREFIX}{day}/{letter_id}.json")
    if letter is None:
        raise DeadLetterNotFound(f"{day}/{letter_id}")
    return letter


async def replay_dead_letter(
    objects: ObjectStore, queue: Queue, day: str, letter_id: str
) -> JsonObject:
    """Queue the message of a letter again and remove the letter; return the message.

    A job's run id makes a second replay start nothing. The letter stays if the message is still
    no job, or cannot be queued.

    Raises:
        DeadLetterNotFound: There is no such letter.
        InvalidInput: Its message is no job: mend what sent it.
        PayloadTooLarge: It is too large for the queue.
        Unavailable: It could not be queued.
    """
    letter = await get_dead_letter(objects, day, letter_id)
    message = await _message(objects, letter)
    parse_job(message)
    if not isinstance(message, dict):
        raise InvalidInput("the message is no job")
    await queue.send(message)
    await objects.delete(letter.key)
    return message


async def drop_dead_letter(objects: ObjectStore, day: str, letter_id: str) -> DeadLetter:
    """Remove a letter for good and return it. Raises DeadLetterNotFound."""
    letter = await get_dead_letter(objects, day, letter_id)
    await objects.delete(letter.key)
    return letter


async def _message(objects: ObjectStore, letter: DeadLetter) -> Any:
    if letter.message_key is None:
        return letter.message
    body = await objects.get(letter.message_key)
    if body is None:
        raise DeadLetterNotFound(f"{letter.message_key} is past its retention")
    return json.loads(body)


async def _read(objects: ObjectStore, key: str) -> DeadLetter | None:
    body = await objects.get(key)
    if body is None:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        document = {"reason": "the letter is no JSON"}
    day, _, name = key.removeprefix(PREFIX).partition("/")
    return DeadLetter(
        key,
        day,
        name.removesuffix(".json"),
        str(document.get("reason", "")),
        document.get("sent_at"),
        document.get("message"),
        document.get("key"),
    )
