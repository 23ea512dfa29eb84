"""The kinds of artifacts, as `macrodata_catalog` lists them."""

from __future__ import annotations

from enum import StrEnum


class ArtifactKind(StrEnum):
    """What an artifact is; decides the shape of its payload."""

    DESIGN_ASSET = "design_asset"
    DOCUMENT_EXPORT = "document_export"
    COMBO_REPORT = "combo_report"
    COMBO_TEMPLATE = "combo_template"
    COMBO_SUGGESTION = "combo_suggestion"
    COMBO_IMPORT = "combo_import"
    CLASSIFICATION_SPEC = "classification_spec"
    AGENT_ASSIGNMENT = "agent_assignment"
    MEASUREMENT_OVERRIDE = "measurement_override"
    ASSET_INGEST = "asset_ingest"
    ASSET_HEALTH_REPORT = "asset_health_report"
    COMPLIANCE_RECORD = "compliance_record"
