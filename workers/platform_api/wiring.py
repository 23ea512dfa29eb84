"""The Cloudflare adapters behind platform-api's ports."""

from __future__ import annotations

from typing import Any, Final

from platform_api.bindings import PlatformBindings
from shared.adapters.cloudflare import cache, counters, database, http, stream
from shared.adapters.cloudflare.settings import Once, raw, settings_of
from shared.adapters.measurement import HttpMeasurement
from shared.clock import SystemClock
from shared.engagement.memory import Memory
from shared.flags import HeldFlags

_MEMORY: Final = Memory()
_FLAGS: Final = HeldFlags()


def bindings_of(env: Any) -> PlatformBindings:
    """Return the ports; they are the isolate's, and hold nothing of a request.

    Raises:
        BindingMissing: The Worker is deployed without a binding; the line names it.
        SettingsInvalid: A variable or secret is not as it should be.
    """
    return _BINDINGS.of(env)


def _bindings(env: Any) -> PlatformBindings:
    settings = settings_of(env)
    kv = cache.optional_raw(env, "KV")
    return PlatformBindings(
        databases=database.HyperdriveDatabases(raw(env, "HYPERDRIVE")),
        publication=stream.stream_of(raw(env, "PUBLICATION_TELEMETRY"), "publication", settings),
        counters=counters.AnalyticsCounters(
            raw(env, "ANALYTICS_ENGINE"),
            http.outside,
            name=raw(env, "COUNTERS_DATASET"),
            settings=settings,
        ),
        measurement=HttpMeasurement(
            http.client_of_bound(env, "INGEST", "http://internal"), prefix="/measurement"
        ),
        cache=kv,
        settings=settings,
        clock=SystemClock(),
        memory=_MEMORY,
        switches=kv,
        flags=_FLAGS,
    )


_BINDINGS: Final = Once(_bindings)
