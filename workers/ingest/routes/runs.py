"""Runs of Workflows: what staff sees of them, and what it may do about one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from ingest.dependencies import Bound
from ingest.schemas import RunList, RunSummary, WorkflowStates
from ingest.starts import WORKFLOW_OF_JOB
from ingest.workflows import WORKFLOWS
from shared import limits
from shared.clock import IsoInstant
from shared.http.problems import responses
from shared.jobs import RunId, parse_job
from shared.ports import JsonObject
from shared.sync import runs

router = APIRouter(tags=["Runs"])
_Name = Annotated[str | None, Query(max_length=64)]


class Requester(BaseModel):
    """Who asks; recorded in the run."""

    model_config = ConfigDict(extra="forbid")

    requested_by: Annotated[str, Field(min_length=1, max_length=320)] = "system"


class RetryFailed(Requester):
    """Which failed runs are tried again."""

    since: IsoInstant
    workflow: str | None = None


@router.get(
    "/runs",
    summary="List run summaries, newest first",
    response_model=RunList,
    responses=responses(400, asks_who=False),
)
async def list_runs(
    bindings: Bound,
    limit: Annotated[int, Query(ge=1, le=limits.RUN_SUMMARIES_KEPT)] = limits.PAGE_SIZE_DEFAULT,
    before: RunId | None = None,
    workflow: _Name = None,
    status: _Name = None,
) -> JsonObject:
    """Summaries older than the run `before`."""
    found = await runs.list_runs(
        bindings.watermarks, limit=limit, before=before, workflow=workflow, status=status
    )
    return {"runs": list(found)}


@router.get(
    "/runs/{run_id}",
    summary="Read a run summary",
    response_model=RunSummary,
    responses=responses(400, 404, asks_who=False),
)
async def read_run(bindings: Bound, run_id: RunId) -> JsonObject:
    """404 where it is not among the last 500."""
    return await runs.get_run(bindings.watermarks, run_id)


@router.get(
    "/runs/{run_id}/steps",
    summary="Read a run summary with its steps",
    response_model=RunSummary,
    responses=responses(400, 404, asks_who=False),
)
async def read_run_steps(
    bindings: Bound, run_id: RunId, limit: Annotated[int, Query(ge=1, le=2_000)] = 500
) -> JsonObject:
    """`steps` is null while the trail cannot be read."""
    return await runs.run_with_steps(bindings.watermarks, bindings.measurement, run_id, limit=limit)


@router.put(
    "/runs/{run_id}",
    summary="Note a run that is about to be queued",
    response_model=RunSummary,
    responses=responses(400, 415, 422, asks_who=False),
)
async def announce_run(
    bindings: Bound, run_id: RunId, message: Annotated[dict[str, Any], Body()]
) -> JsonObject:
    """The body is its job. A run that is known stays as it is."""
    job = parse_job({**message, "run_id": run_id})
    about = job.model_dump(mode="json", include={"requested_by", "object"})
    workflow, at = WORKFLOW_OF_JOB[job.job_type], _now(bindings)
    return await runs.announce_run(bindings.watermarks, run_id, workflow=workflow, at=at, **about)


@router.delete(
    "/runs/{run_id}",
    summary="Note that a run could not be queued",
    responses=responses(400, asks_who=False),
)
async def withdraw_run(bindings: Bound, run_id: RunId) -> JsonObject:
    """Gives free what it held."""
    await runs.withdraw_run(bindings.watermarks, run_id, at=_now(bindings))
    return {}


@router.post(
    "/runs/{run_id}/retry",
    status_code=202,
    summary="Try a failed run again",
    response_model=RunSummary,
    responses=responses(400, 404, 409, 415, 422, asks_who=False),
)
async def retry_run(bindings: Bound, run_id: RunId, asked: Requester) -> JsonObject:
    """409 while it runs or where it ended well; 404 where the engine forgot it."""
    return await runs.retry_run(
        bindings.watermarks, bindings.workflows, run_id, by=asked.requested_by
    )


@router.post(
    "/runs/{run_id}/cancel",
    summary="Stop a run",
    response_model=RunSummary,
    responses=responses(400, 404, 409, 415, 422, asks_who=False),
)
async def cancel_run(bindings: Bound, run_id: RunId, asked: Requester) -> JsonObject:
    """409 where it is over."""
    return await runs.cancel_run(
        bindings.databases,
        bindings.watermarks,
        bindings.workflows,
        run_id,
        at=_now(bindings),
        by=asked.requested_by,
    )


@router.post(
    "/retry-failed",
    status_code=202,
    summary="Try all failed runs again",
    response_model=RunList,
    responses=responses(400, 415, 422, asks_who=False),
)
async def retry_failed(bindings: Bound, asked: RetryFailed) -> JsonObject:
    """Says of each whether it was started."""
    retried = await runs.retry_failed_runs(
        bindings.watermarks,
        bindings.workflows,
        since=asked.since,
        by=asked.requested_by,
        workflow=asked.workflow,
    )
    return {"runs": retried}


@router.get(
    "/workflows",
    summary="Read the last state of every Workflow",
    response_model=WorkflowStates,
    responses=responses(asks_who=False),
)
async def list_workflows(bindings: Bound) -> JsonObject:
    """Its newest run, and what the engine says of it."""
    states = await runs.workflow_states(bindings.watermarks, bindings.workflows, WORKFLOWS)
    return {"workflows": states}


def _now(bindings: Bound) -> datetime:
    return bindings.clock.now()
