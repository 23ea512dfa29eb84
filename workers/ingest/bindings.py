"""What the ingest Worker holds: its ports and settings, put together by an entry module."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from shared.clock import Clock
from shared.config import Settings
from shared.ports import (
    Databases,
    EventStream,
    Measurement,
    ObjectStore,
    Queue,
    Watermarks,
    Workflows,
)


@dataclass(frozen=True, slots=True)
class IngestBindings:
    """Ports of ingest; `http` opens a client for one step.

    `objects` is the private bucket, `assets` the one that the world may read.
    """

    databases: Databases
    objects: ObjectStore
    assets: ObjectStore
    queue: Queue
    dead_letters: Queue
    commerce: EventStream
    publication: EventStream
    sync: EventStream
    watermarks: Watermarks
    workflows: Workflows
    measurement: Measurement
    http: Callable[[], httpx.AsyncClient]
    settings: Settings
    clock: Clock
    loads: Callable[[bytes], Any] = json.loads
    """Reads the lines of archives; where a faster reader exists, it goes here."""
