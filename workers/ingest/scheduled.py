"""Which Workflows a cron expression starts; the run ids carry the minute it was scheduled for.

Every tick ends with a look at the health, of which a webhook is told when it turns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from ingest.bindings import IngestBindings
from ingest.starts import start_job
from shared.errors import DomainError
from shared.health.alerts import Receiver, tell_of_health
from shared.health.checks import ingest_health
from shared.health.models import Health
from shared.jobs import (
    AssetHealthCheck,
    Job,
    MeasurementDatasetRefresh,
    ShopifyBulkSyncStart,
    ShopifyWebhookAudit,
)

DAILY: Final = "0 6 * * *"
HOURLY: Final = "0 * * * *"
WEEKLY: Final = "0 3 * * SUN"
SCHEDULE: Final = (DAILY, HOURLY, WEEKLY)
"""What the configurations list and the local clock fires. Sunday has its name, because numbers
differ: Cloudflare counts from 1, Sunday, to 7, and refuses a 0."""
_SUNDAYS: Final = ("SUN", "1", "7", "0")
"""How Sunday is written: its name, Cloudflare's number, and the two that other crons have."""
_REQUESTER: Final = "cron"
_LOG: Final = logging.getLogger(__name__)


class UnknownCron(DomainError):
    """No Workflow belongs to this cron expression."""


def _daily_sync(minute: str) -> Sequence[Job]:
    syncs: list[Job] = [
        ShopifyBulkSyncStart(
            run_id=f"shopify-bulk-sync-{name}-{minute}", object=name, requested_by=_REQUESTER
        )
        for name in ("products", "orders")
    ]
    audit = ShopifyWebhookAudit(run_id=f"webhook-audit-{minute}", requested_by=_REQUESTER)
    return [*syncs, audit]


def _hourly_refresh(minute: str) -> Sequence[Job]:
    run_id = f"measurement-refresh-{minute}"
    return [MeasurementDatasetRefresh(run_id=run_id, requested_by=_REQUESTER)]


def _weekly_asset_check(minute: str) -> Sequence[Job]:
    return [AssetHealthCheck(run_id=f"asset-health-check-{minute}", requested_by=_REQUESTER)]


CRONS: Final[Mapping[str, Callable[[str], Sequence[Job]]]] = {
    DAILY: _daily_sync,
    HOURLY: _hourly_refresh,
    **{WEEKLY.replace("SUN", day): _weekly_asset_check for day in _SUNDAYS},
}
"""The jobs of an expression in capital letters, in every spelling in which it may be fired."""


async def fire(cron: str, scheduled_at: datetime, bindings: IngestBindings) -> Sequence[str]:
    """Start what belongs to the expression and return the run ids.

    A second firing of the same minute starts nothing. One Workflow that does not start keeps no
    other from starting, and nothing keeps the health from being looked at.

    Raises:
        UnknownCron: Nothing belongs to it: configuration and code have drifted apart.
    """
    try:
        return await _start_all(cron, scheduled_at, bindings)
    finally:
        await watch_health(bindings)


async def watch_health(bindings: IngestBindings) -> None:
    """Tell the alert webhook, if there is one, once when the health turns; never raises."""
    if (url := bindings.settings.ALERT_WEBHOOK_URL) is None:
        return

    async def look() -> Health:
        return await ingest_health(
            bindings.databases, bindings.watermarks, bindings.objects, bindings.clock
        )

    await tell_of_health(
        look,
        bindings.watermarks,
        Receiver(url, bindings.http),
        shop=bindings.settings.SHOP_DOMAIN,
        clock=bindings.clock,
    )


async def _start_all(cron: str, scheduled_at: datetime, bindings: IngestBindings) -> Sequence[str]:
    if (jobs_of := CRONS.get(" ".join(cron.upper().split()))) is None:
        _LOG.error("unknown cron", extra={"cron": cron})
        raise UnknownCron(f"{cron!r} is none of {sorted(SCHEDULE)}")
    jobs = jobs_of(f"{scheduled_at:%Y%m%dT%H%MZ}")
    problems = [error for job in jobs if (error := await _started(job, bindings)) is not None]
    if problems:
        raise problems[0]
    return [job.run_id for job in jobs]


async def _started(job: Job, bindings: IngestBindings) -> Exception | None:
    try:
        new = await start_job(job, bindings)
    except Exception as error:  # noqa: BLE001 - returned, and raised after the others
        _LOG.exception("cron could not start a run", extra={"run_id": job.run_id})
        return error
    _LOG.info("cron fired", extra={"run_id": job.run_id, "new": new})
    return None
