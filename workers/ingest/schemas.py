"""What ingest answers to the other Workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.ports import Json, JsonObject

RUN_EXAMPLE: JsonObject = {
    "run_id": "run_0f8c2a51d4b84e6f9a3b7c1d2e5f6071",
    "workflow": "shopify-bulk-sync",
    "object": "orders",
    "status": "complete",
    "requested_by": "ann@example.com",
    "started_at": "2026-11-20T06:00:00.000000Z",
    "finished_at": "2026-11-20T06:04:12.000000Z",
}


class LeaseRead(BaseModel):
    """Who may sync an object now."""

    name: str
    held_by: str = Field(description="The asker's run id if the lease was granted.")
    expires_at: datetime


class Released(BaseModel):
    """A lease was given back."""


class InstanceRead(BaseModel):
    """What the engine says of one Workflow instance."""

    instance_id: str
    state: Literal["queued", "running", "waiting", "paused", "complete", "errored", "terminated"]
    output: Json = None
    error: str | None = None


class RunSummary(BaseModel):
    """One run; which counts it has depends on its Workflow."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": RUN_EXAMPLE})

    run_id: str


class RunList(BaseModel):
    """Runs, newest first."""

    runs: list[RunSummary]


class WorkflowState(BaseModel):
    """The newest run of a Workflow, and what the engine says of it."""

    workflow: str
    last_run: RunSummary | None
    engine: InstanceRead | None


class WorkflowStates(BaseModel):
    """Every Workflow, by name."""

    workflows: list[WorkflowState]


class DeadLetterRead(BaseModel):
    """One message that was given up, with the reason."""

    key: str = Field(examples=["dead-letters/2026-11-20/msg-1.json"])
    day: str
    id: str = Field(examples=["msg-1"])
    reason: str = Field(examples=["job_type: Field required"])
    sent_at: str | None = Field(examples=["2026-11-20T06:00:00Z"])
    message: Any = Field(
        description="Null where it was too large; then `message_key` names the object.",
        examples=[{"job_type": "UNKNOWN"}],
    )
    message_key: str | None = Field(examples=["dead-letters/2026-11-20/msg-1.body"])


class DeadLetterList(BaseModel):
    """One page of dead letters."""

    letters: list[DeadLetterRead]
    next_cursor: str | None


class Replayed(BaseModel):
    """The job that was queued again."""

    job_type: str = Field(examples=["SHOPIFY_BULK_SYNC_START"])
    run_id: str
