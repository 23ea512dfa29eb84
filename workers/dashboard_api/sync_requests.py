"""A staff member asks for work: lease what it needs alone, then queue one job for each run."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard_api.ingest import Ingest
from shared.errors import Conflict
from shared.idempotency.models import keyed_id
from shared.identity.models import Principal
from shared.jobs import (
    NOT_QUEUED,
    Job,
    MeasurementDatasetRefresh,
    ProductTagSync,
    ShopifyBulkSyncStart,
    SuggestionGenerate,
    SyncObject,
    job_message,
)
from shared.ports import Queue


class SyncRunning(Conflict):
    """A sync of this object is running already."""

    def __init__(self, name: str, run_id: str) -> None:
        super().__init__(
            f"the sync of {name} is run {run_id}",
            headers={"Location": run_href(run_id)},
            members={"object": name, "run_id": run_id},
        )


def run_href(run_id: str) -> str:
    """Return where a run's summary is."""
    return f"/api/ingest/runs/{run_id}"


async def request_sync(
    ingest: Ingest,
    queue: Queue,
    *,
    objects: Sequence[SyncObject],
    principal: Principal,
    idempotency_key: str | None,
) -> dict[SyncObject, str]:
    """Queue a sync of each object and return the run ids.

    Args:
        ingest: Keeps the leases; a lease taken here is the run's own when it starts.
        queue: Where ingest takes its jobs from.
        objects: What to sync.
        principal: Who asks; recorded in the job.
        idempotency_key: The same key of the same caller is the same runs, whether they still run.

    Raises:
        SyncRunning: Another run syncs one of the objects; nothing was started.
    """
    runs = {name: _run_id(name, principal, idempotency_key) for name in dict.fromkeys(objects)}
    new = {
        name: run_id
        for name, run_id in runs.items()
        if idempotency_key is None or await _is_new(ingest, run_id)
    }
    await _lease(ingest, new)
    by = principal.name
    await _queue(
        ingest,
        queue,
        *(
            ShopifyBulkSyncStart(run_id=run_id, object=name, requested_by=by)
            for name, run_id in new.items()
        ),
    )
    return runs


async def request_tag_sync(
    ingest: Ingest, queue: Queue, *, principal: Principal, idempotency_key: str | None
) -> str:
    """Queue a sync of every product's tags and return its run id.

    Raises:
        SyncRunning: Another run syncs products.
    """
    run_id = _run_id("product-tags", principal, idempotency_key)
    if idempotency_key is None or await _is_new(ingest, run_id):
        await _lease(ingest, {"products": run_id})
        await _queue(ingest, queue, ProductTagSync(run_id=run_id, requested_by=principal.name))
    return run_id


async def request_refresh(
    ingest: Ingest, queue: Queue, *, principal: Principal, idempotency_key: str | None
) -> str:
    """Queue a refresh of the measures and return its run id; the same key is the same run."""
    run_id = _run_id("measurement", principal, idempotency_key)
    job = MeasurementDatasetRefresh(run_id=run_id, requested_by=principal.name)
    await _queue(ingest, queue, job)
    return run_id


async def request_suggestions(
    ingest: Ingest, queue: Queue, *, limit: int, principal: Principal, idempotency_key: str | None
) -> str:
    """Queue the making of suggestions and return its run id; the same key is the same run."""
    run_id = _run_id("suggestions", principal, idempotency_key)
    job = SuggestionGenerate(run_id=run_id, requested_by=principal.name, limit=limit)
    await _queue(ingest, queue, job)
    return run_id


async def _queue(ingest: Ingest, queue: Queue, *jobs: Job) -> None:
    """Announce the runs and queue their jobs; runs that the queue does not take are withdrawn."""
    for job in jobs:
        await ingest.announce(job)
    try:
        await queue.send_batch([job_message(job) for job in jobs])
    except Exception:
        for job in jobs:
            await ingest.withdraw(job.run_id)
        raise


async def _is_new(ingest: Ingest, run_id: str) -> bool:
    """Return whether a run has to be queued; nobody knows whether one that waits was.

    A second message with its run id starts nothing.
    """
    run = await ingest.run(run_id)
    return run is None or run.get("reason") == NOT_QUEUED or run.get("status") == "queued"


def _run_id(name: str, principal: Principal, key: str | None) -> str:
    return keyed_id("run", principal.subject, key, name)


async def _lease(ingest: Ingest, runs: dict[SyncObject, str]) -> None:
    taken: list[SyncObject] = []
    for name, run_id in runs.items():
        if (holder := await ingest.acquire(name, run_id)) != run_id:
            for other in taken:
                await ingest.release(other, runs[other])
            raise SyncRunning(name, holder)
        taken.append(name)
