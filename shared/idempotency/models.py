"""A request that must not be carried out twice, and the answer that its first time had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.clock import format_instant
from shared.ids import derived_id, new_id


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """What a caller sent under a key of its own."""

    principal: str
    method: str
    path: str
    key: str
    sha256: str
    """Of everything that the answer depends on: another one is another request."""

    @property
    def id(self) -> str:
        """Return the id that this key has for this caller on this route."""
        return derived_id("idr", self.principal, self.method, self.key, self.path)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer, whole."""

    status: int
    headers: list[list[str]]
    """Pairs of a name and a value."""
    body: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """A request that is this attempt's to carry out."""

    first_seen_at: datetime
    """When the key was new, whichever attempt it was that brought it."""

    def qualified(self, key: str) -> str:
        """Return the key with the instant that tells it from itself on another day."""
        return f"{key}@{format_instant(self.first_seen_at)}"


def keyed_id(prefix: str, principal: str, key: str | None, *parts: str) -> str:
    """Return the id of what a request makes: with a key always the same, without it a new one.

    It makes a repeated request harmless even where its first answer was lost. The key is qualified
    (`Reserved.qualified`), so that a day later the same key makes something else.
    """
    return new_id(prefix) if key is None else derived_id(prefix, principal, key, *parts)
