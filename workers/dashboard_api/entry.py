"""dashboard-api on Cloudflare: its classes, and the adapters behind its ports."""

from typing import Any

from dashboard_api.app import create_app
from dashboard_api.bindings import DashboardBindings
from shared import log
from shared.adapters.cloudflare import access, cache, database, http, object_store, queue
from shared.adapters.cloudflare.settings import Bindings, settings_of
from shared.adapters.measurement import HttpMeasurement
from shared.clock import SystemClock
from shared.flags import HeldFlags
from workers import WorkerEntrypoint, asgi

__all__ = ["Default"]

log.configure()
_FLAGS = HeldFlags()


def _bindings(bound: Any) -> DashboardBindings:
    env = Bindings(bound)
    kv = cache.optional(env, "KV")
    ingest = http.client_of(env.INGEST, "http://internal")
    return DashboardBindings(
        databases=database.HyperdriveDatabases(env.HYPERDRIVE),
        objects=object_store.R2ObjectStore(env.R2_BUCKET),
        queue=queue.CloudflareQueue(env.INGEST_QUEUE),
        measurement=HttpMeasurement(ingest, prefix="/measurement"),
        cache=kv,
        signatures=access.WebCryptoVerifier(),
        ingest=ingest,
        http=http.outside,
        settings=settings_of(env),
        clock=SystemClock(),
        switches=kv,
        flags=_FLAGS,
    )


_APP = create_app(lambda request: _bindings(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await asgi.fetch(_APP, request, self.env, self.ctx)
