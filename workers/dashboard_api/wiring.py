"""The Cloudflare adapters behind dashboard-api's ports."""

from __future__ import annotations

from typing import Any, Final

from dashboard_api.bindings import DashboardBindings
from shared.adapters.cloudflare import access, cache, database, http, object_store, queue
from shared.adapters.cloudflare.settings import Bindings, settings_of
from shared.adapters.measurement import HttpMeasurement
from shared.clock import SystemClock
from shared.flags import HeldFlags

_FLAGS: Final = HeldFlags()


def bindings_of(bound: Any) -> DashboardBindings:
    """Return the ports of a request.

    Raises:
        BindingMissing: The Worker is deployed without a binding; the line names it.
        SettingsInvalid: A variable or secret is not as it should be.
    """
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
