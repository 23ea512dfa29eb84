"""What the platform-api Worker holds: its ports and settings, put together by an entry module."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import Clock
from shared.config import Settings
from shared.engagement.memory import Memory
from shared.ports import Cache, Counters, Databases, EventStream, Measurement


@dataclass(frozen=True, slots=True)
class PlatformBindings:
    """Ports of platform-api; `memory` is the isolate's own and outlives a request."""

    databases: Databases
    publication: EventStream
    counters: Counters
    measurement: Measurement
    cache: Cache | None
    settings: Settings
    clock: Clock
    memory: Memory
