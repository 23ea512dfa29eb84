"""What the use cases of engagement hold: ports, settings and the isolate's memory."""

from __future__ import annotations

from typing import Protocol

from shared.clock import Clock
from shared.config import Settings
from shared.engagement.memory import Memory
from shared.errors import SettingsInvalid
from shared.ports import Cache, Counters, Databases, EventStream


class EngagementBindings(Protocol):
    """The ports; a Worker's bindings have more."""

    @property
    def databases(self) -> Databases:
        """Return where keys, items and referrals are."""
        ...

    @property
    def publication(self) -> EventStream:
        """Return the stream of publication events."""
        ...

    @property
    def counters(self) -> Counters:
        """Return the real-time counters."""
        ...

    @property
    def cache(self) -> Cache | None:
        """Return what all isolates share, if there is one."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        ...

    @property
    def memory(self) -> Memory:
        """Return what this isolate remembers."""
        ...


def signing_key(settings: Settings) -> str:
    """Return the key that click ids are signed with.

    Raises:
        SettingsInvalid: The deployment has none.
    """
    if settings.CLICK_SIGNING_KEY is None:
        raise SettingsInvalid("CLICK_SIGNING_KEY is required")
    return settings.CLICK_SIGNING_KEY.get_secret_value()


def believed_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys whose clicks are believed: the one that signs, and the one before it."""
    keys = (settings.CLICK_SIGNING_KEY, settings.CLICK_SIGNING_KEY_PREVIOUS)
    return tuple(key.get_secret_value() for key in keys if key is not None)
