"""Puts the embedded adapters into the bindings of each Worker."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx
import orjson
from dashboard_api.bindings import DashboardBindings
from ingest.app import internal_app
from ingest.bindings import IngestBindings
from platform_api.bindings import PlatformBindings
from pyiceberg.catalog import Catalog

from local.state import State
from shared.adapters.embedded.access import CryptographyVerifier
from shared.adapters.embedded.cache import JournalCache
from shared.adapters.embedded.counters import JournalCounters
from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.object_store import DirectoryObjectStore
from shared.adapters.embedded.queue import JournalQueue
from shared.adapters.embedded.stream import SpooledStream
from shared.adapters.embedded.watermarks import JournalWatermarks
from shared.adapters.embedded.workflows import JournalWorkflows
from shared.adapters.lake.measurement import LakeMeasurement
from shared.adapters.redelivery import LETTER_RETRIES
from shared.clock import SystemClock
from shared.config import Settings, load_settings
from shared.engagement.memory import Memory
from shared.ports import Databases

QUEUE: Final = "ingest-queue"
DEAD_LETTERS: Final = "ingest-dlq"
CLIENT_TIMEOUT: Final = 30.0
FROM_ENVIRONMENT: Final = ("SHOP_TIMEZONE", "CORS_ORIGIN", "ALERT_WEBHOOK_URL", "FLAGS_OFF")
"""What a developer may set; everything else is the platform's own."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the Workers share on one machine."""

    state: State
    journal: Journal
    databases: Databases
    workflows: JournalWorkflows
    catalog: Catalog
    settings: Settings
    objects: DirectoryObjectStore
    assets: DirectoryObjectStore

    @property
    def jobs(self) -> JournalQueue:
        """Return the job queue."""
        return JournalQueue(self.journal, QUEUE, clock=SystemClock(), dead_letters=DEAD_LETTERS)

    @property
    def dead_letters(self) -> JournalQueue:
        """Return the queue of what could not be handled."""
        clock = SystemClock()
        return JournalQueue(self.journal, DEAD_LETTERS, clock=clock, retries=LETTER_RETRIES)

    def ingest(self) -> IngestBindings:
        """Return the ports of ingest."""
        clock = SystemClock()
        return IngestBindings(
            databases=self.databases,
            objects=self.objects,
            assets=self.assets,
            queue=self.jobs,
            dead_letters=self.dead_letters,
            commerce=SpooledStream(self.journal, "commerce"),
            publication=SpooledStream(self.journal, "publication"),
            sync=SpooledStream(self.journal, "sync"),
            watermarks=JournalWatermarks(self.journal, clock=clock),
            workflows=self.workflows,
            measurement=LakeMeasurement(self.catalog, self.objects, self.state.staging),
            http=http_clients(),
            settings=self.settings,
            clock=clock,
            loads=orjson.loads,
        )

    def dashboard(self, ingest: IngestBindings) -> DashboardBindings:
        """Return the ports of dashboard-api; its service binding is a call inside the process."""
        internal = internal_app(lambda _: ingest)
        return DashboardBindings(
            databases=self.databases,
            objects=ingest.objects,
            queue=ingest.queue,
            measurement=ingest.measurement,
            cache=None,  # whoever develops wants to see a refresh at once
            signatures=CryptographyVerifier(),
            ingest=lambda: httpx.AsyncClient(
                transport=httpx.ASGITransport(internal), base_url="http://internal"
            ),
            http=ingest.http,
            settings=self.settings,
            clock=ingest.clock,
            switches=JournalCache(self.journal, clock=ingest.clock),
        )

    def publishers(self, ingest: IngestBindings) -> PlatformBindings:
        """Return the ports of platform-api."""
        clock = SystemClock()
        return PlatformBindings(
            databases=self.databases,
            publication=SpooledStream(self.journal, "publication"),
            counters=JournalCounters(self.journal, clock=clock),
            measurement=ingest.measurement,
            cache=None,  # as for the dashboard
            settings=self.settings,
            clock=clock,
            memory=Memory(),
            switches=JournalCache(self.journal, clock=clock),
        )


def http_clients() -> Callable[[], httpx.AsyncClient]:
    """Return what opens a client for the outside; no proxy stands before this machine itself."""
    return partial(
        httpx.AsyncClient,
        timeout=CLIENT_TIMEOUT,
        trust_env=False,
        verify=ssl.create_default_context(),
    )


def local_settings(**own: str) -> Settings:
    """Return the platform's own settings with what the environment may set.

    Raises:
        SettingsInvalid: The environment sets something that is not valid.
    """
    given = {name: os.environ[name] for name in FROM_ENVIRONMENT if os.environ.get(name)}
    return load_settings({**own, **given})
