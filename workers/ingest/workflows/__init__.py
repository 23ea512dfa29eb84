"""The Workflows of ingest by the names that jobs, crons and configurations use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.asset_health_check import asset_health_check
from ingest.workflows.asset_ingest import asset_ingest
from ingest.workflows.backfill import backfill
from ingest.workflows.combo_import import combo_import
from ingest.workflows.csv_export import csv_export
from ingest.workflows.measurement_refresh import measurement_refresh
from ingest.workflows.product_tag_sync import product_tag_sync
from ingest.workflows.shopify_bulk_sync import shopify_bulk_sync
from ingest.workflows.shopify_compliance import shopify_compliance
from ingest.workflows.suggestion_generation import suggestion_generation
from ingest.workflows.webhook_audit import webhook_audit
from shared.ports import Json, JsonObject, Step

Workflow = Callable[[Step, JsonObject, IngestBindings], Awaitable[Json]]

WORKFLOWS: Final[Mapping[str, Workflow]] = {
    "shopify-bulk-sync": shopify_bulk_sync,
    "measurement-refresh": measurement_refresh,
    "csv-export": csv_export,
    "asset-ingest": asset_ingest,
    "asset-health-check": asset_health_check,
    "combo-import": combo_import,
    "suggestion-generation": suggestion_generation,
    "product-tag-sync": product_tag_sync,
    "backfill": backfill,
    "webhook-audit": webhook_audit,
    "shopify-compliance": shopify_compliance,
}
