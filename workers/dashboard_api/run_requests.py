"""What the routes over ingest's runs and dead letters take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dashboard_api.schemas import RunRead
from shared.http.pagination import PageParameters
from shared.sync.run_steps import RunStep

Day = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$", description="When it was given up.")]
_NAME = Annotated[str | None, Field(pattern=r"^[a-z-]{1,64}$")]


class RunParameters(PageParameters):
    """The query parameters of the list of runs."""

    workflow: _NAME = None
    status: _NAME = None


class RunDetail(RunRead):
    """The summary of one Workflow run, with its steps."""

    steps: list[RunStep] | None = Field(
        default=None, description="Null while the audit trail cannot be read; it lags by minutes."
    )


class RetryRequest(BaseModel):
    """Which failed runs are tried again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"since": "2026-11-20T00:00:00Z"}}
    )

    since: AwareDatetime
    workflow: _NAME = None


class Retried(BaseModel):
    """What came of one run that was to be tried again."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    workflow: str
    status: str = Field(description="`queued`, or `left` with the reason.")


class RetriedRuns(BaseModel):
    """What came of the runs that were to be tried again."""

    runs: list[Retried]


class LetterParameters(PageParameters):
    """The query parameters of the list of dead letters."""

    day: Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None


class DeadLetterRead(BaseModel):
    """One message that could not be handled, and why."""

    day: str
    id: str
    reason: str
    sent_at: datetime | None
    message: Any = Field(description="Null where it was too large; it is in the object store then.")
    message_key: str | None
