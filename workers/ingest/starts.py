"""Starts the Workflow that a job asks for; the job's run id is the instance id."""

from __future__ import annotations

from typing import Final

from ingest.bindings import IngestBindings
from shared.jobs import Job
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


async def start_job(job: Job, bindings: IngestBindings) -> bool:
    """Start the job's Workflow; False if its run exists or was cancelled: success too."""
    if await is_cancelled(bindings.watermarks, job.run_id):
        return False
    payload = job.model_dump(mode="json", exclude={"job_type"})
    return await bindings.workflows.start(WORKFLOW_OF_JOB[job.job_type], job.run_id, payload)
