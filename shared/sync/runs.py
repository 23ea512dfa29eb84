"""The runs of all Workflows: list them, look into one, try it again or cancel it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from shared import limits
from shared.assets.ingestions import fail_ingestion
from shared.clock import format_instant, parse_instant
from shared.combos.imports import note_import
from shared.csv_exports.exports import note_export
from shared.csv_exports.models import FAILED
from shared.errors import Conflict, NotFound, Unavailable
from shared.jobs import NOT_QUEUED
from shared.ports import Databases, JsonObject, Measurement, Watermarks, Workflows
from shared.sync.run_steps import RUN_STEPS, RunSteps, RunStepsQuery
from shared.webhooks.compliance import close_record, record_id

LEASES: Final = ("orders", "products", "measurement", "backfill-orders", "backfill-products")
_ACTIVE: Final = frozenset({"queued", "running", "waiting", "paused"})
_AGAIN: Final = frozenset({"failed", "cancelled", "skipped", "blocked"})
"""What a run must have come to before it is tried again."""
_STOPPED: Final = frozenset({"errored", "terminated"})
"""What the engine says of a run that goes no further, whatever its summary says."""


class RunNotFound(NotFound):
    """There is no run with this id among the last 500."""


class RunGone(NotFound):
    """The Workflow engine does not remember the run any more."""


class RunNotOver(Conflict):
    """The run is not over, or has ended well."""


class RunOver(Conflict):
    """The run is over already."""


async def list_runs(
    watermarks: Watermarks,
    *,
    limit: int,
    before: str | None = None,
    workflow: str | None = None,
    status: str | None = None,
) -> Sequence[JsonObject]:
    """Return run summaries, newest first.

    Args:
        watermarks: Where they are kept.
        limit: How many at most.
        before: Only runs older than this one.
        workflow: Only runs of this Workflow.
        status: Only runs in this state.
    """
    most = limit if workflow is None and status is None else limits.RUN_SUMMARIES_KEPT
    runs = await watermarks.runs(limit=most, before=before)
    wanted = (
        run
        for run in runs
        if workflow in (None, run.get("workflow")) and status in (None, run.get("status"))
    )
    return list(wanted)[:limit]


async def get_run(watermarks: Watermarks, run_id: str) -> JsonObject:
    """Return a run's summary. Raises RunNotFound."""
    if (run := await watermarks.run(run_id)) is None:
        raise RunNotFound(run_id)
    return run


async def announce_run(
    watermarks: Watermarks, run_id: str, *, workflow: str, at: datetime, **fields: object
) -> JsonObject:
    """Note a run that is about to be queued, so that it can be followed from then on.

    A run that is known stays as it is, unless it could not be queued.
    """
    known = await watermarks.run(run_id)
    if known is None or known.get("reason") == NOT_QUEUED:
        started = {"status": "queued", "started_at": format_instant(at)}
        cleared = {"reason": None, "finished_at": None} if known else {}
        await watermarks.record_run(
            {"run_id": run_id, "workflow": workflow, **fields, **started, **cleared}
        )
    return await get_run(watermarks, run_id)


async def withdraw_run(watermarks: Watermarks, run_id: str, *, at: datetime) -> None:
    """Note that an announced run could not be queued, and give free what it held."""
    for name in LEASES:
        await watermarks.release(name, run_id)
    ended = {"status": "cancelled", "reason": NOT_QUEUED, "finished_at": format_instant(at)}
    await watermarks.record_run({"run_id": run_id, **ended})


async def is_cancelled(watermarks: Watermarks, run_id: str) -> bool:
    """Return whether a run was cancelled before it began."""
    run = await watermarks.run(run_id)
    return run is not None and run.get("status") == "cancelled" and run.get("reason") != NOT_QUEUED


async def last_run(watermarks: Watermarks, workflow: str) -> JsonObject | None:
    """Return the newest run of a Workflow, or None."""
    found = await list_runs(watermarks, limit=1, workflow=workflow)
    return found[0] if found else None


async def run_with_steps(
    watermarks: Watermarks, measurement: Measurement, run_id: str, *, limit: int = 500
) -> JsonObject:
    """Return a run's summary with its steps, as the audit trail in the lake has them.

    The trail lags by minutes, and its engine may be away: the summary is there nevertheless.

    Raises:
        RunNotFound: There is no such run.
    """
    run = await get_run(watermarks, run_id)
    started = run.get("started_at")
    query = RunStepsQuery(
        run_id=run_id,
        since=parse_instant(started) - timedelta(days=1) if isinstance(started, str) else None,
        limit=limit,
    )
    try:
        answer = await measurement.query(RUN_STEPS, query.model_dump(mode="json"))
    except Unavailable as error:
        return {**run, "steps": None, "steps_problem": str(error)}
    found = RunSteps.model_validate(answer)
    return {**run, **found.model_dump(mode="json")}


async def workflow_states(
    watermarks: Watermarks, workflows: Workflows, names: Iterable[str]
) -> list[JsonObject]:
    """Return of each Workflow its newest run, and what the engine says of that."""
    runs = await watermarks.runs(limit=limits.RUN_SUMMARIES_KEPT)
    states = []
    for name in sorted(names):
        run = next((run for run in runs if run.get("workflow") == name), None)
        status = await workflows.status(name, run["run_id"]) if run is not None else None
        engine = None if status is None else asdict(status) | {"output": None}
        states.append({"workflow": name, "last_run": run, "engine": engine})
    return states


async def retry_run(
    watermarks: Watermarks, workflows: Workflows, run_id: str, *, by: str
) -> JsonObject:
    """Run a run that came to nothing again from its first step; return its summary.

    Its steps are idempotent, and its events have the ids that they had. One whose summary says
    that it goes on is taken too if the engine knows that it does not.

    Raises:
        RunNotFound: There is no such run.
        RunNotOver: It is still running, or it ended well.
        RunGone: The engine forgot it; ask for a new one.
    """
    run = await get_run(watermarks, run_id)
    if run.get("status") not in _AGAIN and not await _has_stopped(workflows, run):
        raise RunNotOver(f"{run_id} is {run.get('status')}")
    cleared = {"error": None, "reason": None, "finished_at": None, "held_by": None}
    again = {"retries": int(run.get("retries") or 0) + 1, "retried_by": by}
    await watermarks.record_run({"run_id": run_id, "status": "queued", **cleared, **again})
    try:
        await workflows.restart(str(run["workflow"]), run_id)
    except NotFound as error:
        await watermarks.record_run({"run_id": run_id, **_ending(run)})
        raise RunGone(run_id) from error
    return await get_run(watermarks, run_id)


async def retry_failed_runs(
    watermarks: Watermarks,
    workflows: Workflows,
    *,
    since: datetime,
    by: str,
    workflow: str | None = None,
) -> list[JsonObject]:
    """Try every failed run again that started since; of one Workflow, or of all.

    A run that the engine forgot, or that ended meanwhile, is left as it is and said to be so.
    """
    most = limits.RUN_SUMMARIES_KEPT
    failed = await list_runs(watermarks, limit=most, workflow=workflow, status="failed")
    outcomes: list[JsonObject] = []
    for run in failed:
        if not _began_since(run, since):
            continue
        outcome = {"run_id": run["run_id"], "workflow": run["workflow"]}
        try:
            await retry_run(watermarks, workflows, run["run_id"], by=by)
        except (RunGone, RunNotOver) as error:
            outcomes.append({**outcome, "status": "left", "reason": error.title()})
        else:
            outcomes.append({**outcome, "status": "queued"})
    return outcomes


async def cancel_run(
    databases: Databases,
    watermarks: Watermarks,
    workflows: Workflows,
    run_id: str,
    *,
    at: datetime,
    by: str,
) -> JsonObject:
    """Stop a run where it is, and give free what it held; return its summary.

    Raises:
        RunNotFound: There is no such run.
        RunOver: It has ended.
    """
    run = await get_run(watermarks, run_id)
    if run.get("status") not in _ACTIVE:
        raise RunOver(f"{run_id} is {run.get('status')}")
    with suppress(NotFound):  # what a forgotten run held must be freed all the same
        await workflows.terminate(str(run["workflow"]), run_id)
    reason = f"cancelled by {by}"
    for name in LEASES:
        await watermarks.release(name, run_id)
    await _cancel_artifact(databases, run, at=at, by=by, reason=reason)
    ended = {"status": "cancelled", "reason": reason, "finished_at": format_instant(at)}
    await watermarks.record_run({"run_id": run_id, **ended})
    return await get_run(watermarks, run_id)


async def _has_stopped(workflows: Workflows, run: JsonObject) -> bool:
    if run.get("status") not in _ACTIVE:
        return False
    engine = await workflows.status(str(run["workflow"]), str(run["run_id"]))
    return engine is not None and engine.state in _STOPPED


def _began_since(run: JsonObject, since: datetime) -> bool:
    """Return whether a run began since; one that failed before it had begun only ended."""
    at = run.get("started_at") or run.get("finished_at")
    return isinstance(at, str) and parse_instant(at) >= since


async def _cancel_artifact(
    databases: Databases, run: JsonObject, *, at: datetime, by: str, reason: str
) -> None:
    artifact_id = str(run.get("artifact_id") or "")
    match run["workflow"]:
        case "csv-export":
            async with databases.open() as db:
                await note_export(db, artifact_id, at=at, status=FAILED, error=reason)
        case "combo-import":
            async with databases.open() as db:
                await note_import(db, artifact_id, at=at, status="failed", error=reason)
        case "asset-ingest":
            async with databases.open() as db:
                await fail_ingestion(db, artifact_id, at=at, reason=reason)
        case "shopify-compliance":
            async with databases.open() as db:
                record, why = record_id(str(run["run_id"])), {"reason": reason}
                await close_record(db, record, "failed", why, at=at, by=by)
        case _:
            pass


def _ending(run: JsonObject) -> JsonObject:
    """Return the fields of a summary that say how the run ended."""
    names = ("status", "error", "reason", "finished_at", "held_by", "retries", "retried_by")
    return {name: run.get(name) for name in names}
