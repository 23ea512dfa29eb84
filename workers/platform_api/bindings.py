"""What the platform-api Worker holds: its ports and settings, put together by an entry module."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.config import Settings
from shared.ports import Cache, Counters, Databases, EventStream


@dataclass(frozen=True, slots=True)
class PlatformBindings:
    """Ports of platform-api."""

    databases: Databases
    publication: EventStream
    counters: Counters
    cache: Cache | None
    settings: Settings
    clock: Clock
