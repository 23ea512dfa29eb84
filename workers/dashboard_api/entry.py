"""dashboard-api on Cloudflare: its class. What it holds is put together in wiring.py."""

from typing import Any

from dashboard_api.app import FILES, create_app
from dashboard_api.wiring import bindings_of
from shared import log
from shared.adapters.cloudflare import bridge, timers
from workers import WorkerEntrypoint

__all__ = ["Default"]

log.configure()
timers.install()
_APP = create_app(lambda request: bindings_of(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await bridge.serve(_APP, request, self, limits_of=FILES)
