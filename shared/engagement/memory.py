"""What one isolate remembers between requests, so that the hot routes ask nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar

from shared.engagement.models import PublishedItem
from shared.publishers.access_models import StoredSecret

HELD: Final = timedelta(minutes=1)
"""How long a key that was revoked, or an item that was taken back, may still count."""
HELD_ABSENT: Final = timedelta(seconds=10)
"""How long what is new may be unknown where it was asked for before it was there."""
ENTRIES: Final = 10_000

ValueT = TypeVar("ValueT")


class _Entry(NamedTuple, Generic[ValueT]):
    until: datetime
    value: ValueT


class Held(Generic[ValueT]):
    """Values by text, each for a while; when there are too many, the oldest make room."""

    def __init__(self, most: int = ENTRIES) -> None:
        self._most = most
        self._entries: dict[str, _Entry[ValueT]] = {}

    def find(self, key: str, now: datetime) -> _Entry[ValueT] | None:
        """Return the entry of a key, whose value may be None, or None if there is none."""
        entry = self._entries.get(key)
        return entry if entry is not None and now < entry.until else None

    def keep(self, key: str, value: ValueT, now: datetime) -> None:
        """Hold a value from now on; None or False is held for a shorter time."""
        self._entries.pop(key, None)
        while len(self._entries) >= self._most:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = _Entry(now + (HELD if value else HELD_ABSENT), value)


@dataclass(slots=True)
class Lease:
    """Requests that this isolate may still let a key make in one minute."""

    window: datetime
    taken: int
    left: int
    beyond: int
    """What nobody has taken yet."""


@dataclass(slots=True)
class Memory:
    """All that an isolate remembers."""

    items: Held[PublishedItem | None] = field(default_factory=Held)
    keys: Held[StoredSecret | None] = field(default_factory=Held)
    origins: Held[bool] = field(default_factory=Held)
    leases: dict[str, Lease] = field(default_factory=dict)
    salt: tuple[date, bytes] | None = None
