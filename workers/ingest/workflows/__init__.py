"""The Workflows of ingest by the names that jobs, crons and configurations use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ingest.bindings import IngestBindings
from ingest.workflows.measurement_refresh import measurement_refresh
from ingest.workflows.shopify_bulk_sync import shopify_bulk_sync
from shared.ports import Json, JsonObject, Step

Workflow = Callable[[Step, JsonObject, IngestBindings], Awaitable[Json]]

WORKFLOWS: Final[Mapping[str, Workflow]] = {
    "shopify-bulk-sync": shopify_bulk_sync,
    "measurement-refresh": measurement_refresh,
}
