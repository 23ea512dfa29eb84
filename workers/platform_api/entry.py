"""platform-api on Cloudflare: its classes, and the adapters behind its ports."""

from typing import Any

from platform_api.app import create_app
from platform_api.bindings import PlatformBindings
from shared.adapters.cloudflare import cache, counters, database, http, stream
from shared.adapters.cloudflare.settings import Bindings, settings_of
from shared.clock import SystemClock
from workers import WorkerEntrypoint, asgi

__all__ = ["Default"]


def _bindings(bound: Any) -> PlatformBindings:
    env = Bindings(bound)
    settings = settings_of(env)
    return PlatformBindings(
        databases=database.HyperdriveDatabases(env.HYPERDRIVE),
        publication=stream.stream_of(env.PUBLICATION_TELEMETRY, "publication", settings),
        counters=counters.AnalyticsCounters(
            env.ANALYTICS_ENGINE, http.outside, name=env.COUNTERS_DATASET, settings=settings
        ),
        cache=cache.optional(env, "KV"),
        settings=settings,
        clock=SystemClock(),
    )


_APP = create_app(lambda request: _bindings(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await asgi.fetch(_APP, request, self.env, self.ctx)
