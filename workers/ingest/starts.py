"""Starts the Workflow that a job asks for; the job's run id is the instance id."""

from __future__ import annotations

from typing import Final

from ingest.bindings import IngestBindings
from shared.artifacts.kinds import ArtifactKind
from shared.jobs import AssetIngest, ComboImport, DocumentArtifactGenerate, Job
from shared.sync.runs import is_cancelled

WORKFLOW_OF_JOB: Final = {
    "SHOPIFY_BULK_SYNC_START": "shopify-bulk-sync",
    "MEASUREMENT_DATASET_REFRESH": "measurement-refresh",
    "DOCUMENT_ARTIFACT_GENERATE": "csv-export",
    "COMBO_IMPORT": "combo-import",
    "SUGGESTION_GENERATE": "suggestion-generation",
    "PRODUCT_TAG_SYNC": "product-tag-sync",
    "BACKFILL_START": "backfill",
    "ASSET_INGEST": "asset-ingest",
    "ASSET_HEALTH_CHECK": "asset-health-check",
    "SHOPIFY_WEBHOOK_AUDIT": "webhook-audit",
}


def artifact_of(job: Job) -> tuple[ArtifactKind, str] | None:
    """Return kind and id of the artifact that a job makes, or None."""
    match job:
        case DocumentArtifactGenerate():
            return ArtifactKind.DOCUMENT_EXPORT, job.export_id
        case ComboImport():
            return ArtifactKind.COMBO_IMPORT, job.import_id
        case AssetIngest():
            return ArtifactKind.ASSET_INGEST, job.ingest_id
        case _:
            return None


async def start_job(job: Job, bindings: IngestBindings) -> bool:
    """Start the job's Workflow; False if its run exists or was cancelled: success too."""
    if await is_cancelled(bindings.watermarks, job.run_id):
        return False
    payload = job.model_dump(mode="json", exclude={"job_type"})
    return await bindings.workflows.start(WORKFLOW_OF_JOB[job.job_type], job.run_id, payload)
