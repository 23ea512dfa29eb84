"""The documents in which the lake is asked for the steps of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

RUN_STEPS: Final = "run-steps"
"""The name of the query."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunStepsQuery(_Document):
    """Which run; `since` spares the files of days before it."""

    run_id: Annotated[str, Field(max_length=100)]
    since: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=2_000)] = 500


class RunStep(_Document):
    """One step, or the end of a run, as the audit trail has it."""

    step: str
    event_type: str
    started_at: datetime
    occurred_at: datetime
    duration_ms: int
    records_read: int
    records_written: int
    bytes_read: int
    watermark_at: datetime | None = None
    error_type: str | None = None
    error_detail: str | None = None


class RunSteps(_Document):
    """The newest copy of each step, in the order in which they ended."""

    steps: list[RunStep]
    is_cut: bool
    """There are more steps than were asked for; the first ones are left out."""
