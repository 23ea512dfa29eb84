"""What the dashboard-api Worker holds: its ports and settings, put together by an entry module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from shared.clock import Clock
from shared.config import Settings
from shared.flags import HeldFlags
from shared.ports import Cache, Databases, Measurement, ObjectStore, Queue, SignatureVerifier


@dataclass(frozen=True, slots=True)
class DashboardBindings:
    """Ports of dashboard-api.

    `ingest` opens a client of ingest's internal entrypoint (the service binding), base URL
    `http://internal`; `http` opens a client for the outside. `switches` keeps the feature
    flags, and `flags` is what the isolate holds of them.
    """

    databases: Databases
    objects: ObjectStore
    queue: Queue
    measurement: Measurement
    cache: Cache | None
    signatures: SignatureVerifier
    ingest: Callable[[], httpx.AsyncClient]
    http: Callable[[], httpx.AsyncClient]
    settings: Settings
    clock: Clock
    switches: Cache | None = None
    flags: HeldFlags = field(default_factory=HeldFlags)
