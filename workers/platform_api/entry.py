"""platform-api on Cloudflare: its classes, and the adapters behind its ports."""

from typing import Any

from platform_api.app import create_app
from platform_api.bindings import PlatformBindings
from platform_api.engagement_http import answer, is_hot
from shared import log
from shared.adapters.cloudflare import cache, counters, database, http, plain, stream
from shared.adapters.cloudflare.settings import Bindings, SettingsOnce
from shared.adapters.measurement import HttpMeasurement
from shared.clock import SystemClock
from shared.engagement.memory import Memory
from workers import WorkerEntrypoint, asgi

__all__ = ["Default"]

log.configure()
_MEMORY = Memory()
_SETTINGS = SettingsOnce()


def _bindings(bound: Any) -> PlatformBindings:
    env = Bindings(bound)
    settings = _SETTINGS.of(env)
    return PlatformBindings(
        databases=database.HyperdriveDatabases(env.raw("HYPERDRIVE")),
        publication=stream.stream_of(env.raw("PUBLICATION_TELEMETRY"), "publication", settings),
        counters=counters.AnalyticsCounters(
            env.raw("ANALYTICS_ENGINE"),
            http.outside,
            name=env.raw("COUNTERS_DATASET"),
            settings=settings,
        ),
        measurement=HttpMeasurement(
            http.client_of_bound(env, "INGEST", "http://internal"), prefix="/measurement"
        ),
        cache=cache.optional_raw(env, "KV"),
        settings=settings,
        clock=SystemClock(),
        memory=_MEMORY,
    )


_APP = create_app(lambda request: _bindings(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request: the hot routes at once, the others as the application does."""
        if (asked := await plain.asked(request, is_hot)) is not None:
            return plain.answered(await answer(lambda: _bindings(self.env), asked))
        return await asgi.fetch(_APP, request, self.env, self.ctx)
