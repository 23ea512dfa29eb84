"""Queue jobs: the union on `job_type`, and which Workflow instance each one starts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import FieldProblem, InvalidInput
from shared.ports import JsonObject

RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
SyncObject = Literal["orders", "products"]


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: RunId
    requested_by: str = "system"


class ShopifyBulkSyncStart(_Job):
    """Sync one object from Shopify, from its watermark to now."""

    job_type: Literal["SHOPIFY_BULK_SYNC_START"] = "SHOPIFY_BULK_SYNC_START"
    object: SyncObject


class MeasurementDatasetRefresh(_Job):
    """Recompute the measurement tables from the telemetry."""

    job_type: Literal["MEASUREMENT_DATASET_REFRESH"] = "MEASUREMENT_DATASET_REFRESH"
    full: bool = False
    as_of: datetime | None = None


Job = Annotated[
    ShopifyBulkSyncStart | MeasurementDatasetRefresh,
    Field(discriminator="job_type"),
]
_ADAPTER: TypeAdapter[Job] = TypeAdapter(Job)


def parse_job(message: object) -> Job:
    """Check a queue message.

    Raises:
        InvalidInput: The message is no job; the problems name the fields.
    """
    try:
        return _ADAPTER.validate_python(message, strict=False)
    except ValidationError as error:
        raise InvalidInput(
            "the message is no job",
            problems=[
                FieldProblem("/" + "/".join(map(str, item["loc"])), item["msg"])
                for item in error.errors(include_input=False, include_url=False)
            ],
        ) from error


def job_message(job: Job) -> JsonObject:
    """Return the queue message of a job."""
    return job.model_dump(mode="json")
