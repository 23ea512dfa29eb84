-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One kind of artifact that the registry knows, with the version of its payload's shape.
CREATE TABLE macrodata_catalog (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    payload_version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE macrodata_catalog IS 'One kind of artifact that the registry knows, with the version of its payload''s shape.';

-- One artifact of any kind (design asset, export, report, specification ...): its payload and who wrote it.
CREATE TABLE macrodata_artifact (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    payload JSONB NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE macrodata_artifact IS 'One artifact of any kind (design asset, export, report, specification ...): its payload and who wrote it.';
COMMENT ON COLUMN macrodata_artifact.name IS 'What tells artifacts of one kind apart, where the kind has such a key; unique within the kind.';
COMMENT ON COLUMN macrodata_artifact.version IS 'Grows by one with every change: the ETag, and the guard of concurrent edits.';
CREATE UNIQUE INDEX macrodata_artifact_kind_name ON macrodata_artifact (kind, name) WHERE name IS NOT NULL;
CREATE INDEX macrodata_artifact_kind_id ON macrodata_artifact (kind, id);
CREATE INDEX macrodata_artifact_updated_at ON macrodata_artifact (updated_at);
CREATE INDEX macrodata_artifact_created_at ON macrodata_artifact (created_at);

INSERT INTO macrodata_catalog (id, kind, title) VALUES
    ('mdc_design_asset', 'design_asset', 'Design asset'),
    ('mdc_document_export', 'document_export', 'Document export'),
    ('mdc_combo_report', 'combo_report', 'Combo report'),
    ('mdc_combo_template', 'combo_template', 'Combo template'),
    ('mdc_combo_suggestion', 'combo_suggestion', 'Combo suggestion'),
    ('mdc_classification_spec', 'classification_spec', 'Classification specification'),
    ('mdc_agent_assignment', 'agent_assignment', 'Agent assignment'),
    ('mdc_measurement_override', 'measurement_override', 'Measurement override'),
    ('mdc_asset_health_report', 'asset_health_report', 'Asset health report');

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE macrodata_artifact;
DROP TABLE macrodata_catalog;
