"""Queue jobs: the union on `job_type`, and which Workflow instance each one starts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import FieldProblem, InvalidInput
from shared.ports import JsonObject

RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
ArtifactId = Annotated[str, Field(pattern=r"^mda_[0-9a-f]{32}$")]
ProductId = Annotated[str, Field(pattern=r"^prd_[0-9a-f]{32}$")]
SyncObject = Literal["orders", "products"]
NOT_QUEUED: Final = "could not be queued"
"""What a run or an artifact says whose job the queue did not take."""


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


class DocumentArtifactGenerate(_Job):
    """Write rows as a CSV that staff can download."""

    job_type: Literal["DOCUMENT_ARTIFACT_GENERATE"] = "DOCUMENT_ARTIFACT_GENERATE"
    export_id: ArtifactId
    kind: Literal["orders", "performance", "combos", "products"]
    filters: JsonObject = Field(default_factory=dict)


class ComboImport(_Job):
    """Take combo reports over from a CSV, given here or by its key in the object store."""

    job_type: Literal["COMBO_IMPORT"] = "COMBO_IMPORT"
    import_id: ArtifactId
    mode: Literal["all_or_nothing", "report"] = "all_or_nothing"
    csv: str | None = None
    key: Annotated[str | None, Field(pattern=r"^inbox/[0-9a-f]{64}$")] = None
    filename: Annotated[str | None, Field(max_length=255)] = None


class SuggestionGenerate(_Job):
    """Suggest combinations of tags that sell well and were not combined yet."""

    job_type: Literal["SUGGESTION_GENERATE"] = "SUGGESTION_GENERATE"
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ProductTagSync(_Job):
    """Read tags, vendor and status of every product, and which products are gone."""

    job_type: Literal["PRODUCT_TAG_SYNC"] = "PRODUCT_TAG_SYNC"


class BackfillStart(_Job):
    """Read a part of the shop's history again, however old."""

    job_type: Literal["BACKFILL_START"] = "BACKFILL_START"
    run_id: Annotated[RunId, Field(max_length=90)]
    """Its windows are runs of their own, named after it."""
    object: SyncObject
    since: AwareDatetime
    until: AwareDatetime | None = None
    """Exclusive; the start of the run if absent."""


class AssetIngest(_Job):
    """Take a design asset over from Dropbox, for one product."""

    job_type: Literal["ASSET_INGEST"] = "ASSET_INGEST"
    ingest_id: ArtifactId
    product_id: ProductId
    dropbox_url: Annotated[str, Field(min_length=1, max_length=2048)]


class AssetHealthCheck(_Job):
    """Compare the stored assets with their rows, both ways."""

    job_type: Literal["ASSET_HEALTH_CHECK"] = "ASSET_HEALTH_CHECK"


class ShopifyWebhook(_Job):
    """Deal with one webhook delivery; its run id is the delivery's own name.

    The body came with the message, or it is the object of that key.
    """

    job_type: Literal["SHOPIFY_WEBHOOK"] = "SHOPIFY_WEBHOOK"
    requested_by: str = "shopify"
    shop: str
    topic: str
    webhook_id: str
    event_id: str | None = None
    api_version: str | None = None
    body: JsonObject | None = None
    body_key: Annotated[str | None, Field(pattern=r"^inbox/[0-9a-f]{64}$")] = None


class ShopifyWebhookAudit(_Job):
    """Compare the webhook subscriptions with what they should be, and mend them."""

    job_type: Literal["SHOPIFY_WEBHOOK_AUDIT"] = "SHOPIFY_WEBHOOK_AUDIT"


Job = Annotated[
    ShopifyBulkSyncStart
    | MeasurementDatasetRefresh
    | DocumentArtifactGenerate
    | ComboImport
    | SuggestionGenerate
    | ProductTagSync
    | BackfillStart
    | AssetIngest
    | AssetHealthCheck
    | ShopifyWebhook
    | ShopifyWebhookAudit,
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
