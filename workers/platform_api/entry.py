"""platform-api on Cloudflare: its class. What it holds is put together in wiring.py."""

from typing import Any

from platform_api.app import create_app
from platform_api.engagement_http import answer, is_hot
from platform_api.wiring import bindings_of
from shared import log
from shared.adapters.cloudflare import bridge, plain, timers
from workers import WorkerEntrypoint

__all__ = ["Default"]

log.configure()
timers.install()
_APP = create_app(lambda request: bindings_of(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request: the hot routes at once, the others as the application does."""
        if (asked := await plain.asked(request, is_hot)) is not None:
            return plain.answered(await answer(lambda: bindings_of(self.env), asked))
        return await bridge.serve(_APP, request, self)
