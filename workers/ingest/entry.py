"""ingest on Cloudflare: its classes. What they hold is put together in wiring.py."""

from typing import Any

from ingest.app import internal_app
from ingest.public_app import public_app
from ingest.wiring import bindings_of, fire_cron, take_batch
from ingest.workflows import WORKFLOWS
from shared import limits, log
from shared.adapters.cloudflare import bridge, timers
from shared.adapters.cloudflare.measurement import MeasurementContainer
from shared.adapters.cloudflare.watermarks import WatermarkDO
from shared.adapters.cloudflare.workflow_classes import workflow_classes
from workers import WorkerEntrypoint, asgi

log.configure()
timers.install()
_WORKFLOWS = workflow_classes(WORKFLOWS, bindings_of)
globals().update(_WORKFLOWS)  # the runtime finds a class by its name in this module

__all__ = ["Default", "Internal", "MeasurementContainer", "WatermarkDO", *_WORKFLOWS]  # noqa: PLE0604

_INTERNAL = internal_app(lambda request: bindings_of(request.scope["env"]))
_PUBLIC = public_app(lambda request: bindings_of(request.scope["env"]))


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """What the platform calls."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await bridge.serve(_PUBLIC, request, self, limit=limits.WEBHOOK_BODY_BYTES)

    async def queue(self, batch: Any, _env: Any = None, _ctx: Any = None) -> None:
        """Take a batch of either queue."""
        await take_batch(batch, bindings_of(self.env))

    async def scheduled(self, controller: Any, _env: Any = None, _ctx: Any = None) -> None:
        """Start what belongs to a cron."""
        await fire_cron(controller, bindings_of(self.env))


class Internal(WorkerEntrypoint):  # type: ignore[misc]
    """What the other Workers call."""

    async def fetch(self, request: Any) -> Any:
        """Answer a request."""
        return await asgi.fetch(_INTERNAL, request, self.env, self.ctx)
