"""What the platform-api Worker holds: its ports and settings, put together by an entry module."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.clock import Clock
from shared.config import Settings
from shared.engagement.memory import Memory
from shared.flags import HeldFlags
from shared.ports import Cache, Counters, Databases, EventStream, Measurement


@dataclass(frozen=True, slots=True)
class PlatformBindings:
    """Ports of platform-api; `memory` and `flags` are the isolate's own and outlive a request."""

    databases: Databases
    publication: EventStream
    counters: Counters
    measurement: Measurement
    cache: Cache | None
    settings: Settings
    clock: Clock
    memory: Memory
    switches: Cache | None = None
    flags: HeldFlags = field(default_factory=HeldFlags)
