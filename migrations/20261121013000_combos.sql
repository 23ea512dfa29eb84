-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

INSERT INTO macrodata_catalog (id, kind, title) VALUES
    ('mdc_combo_import', 'combo_import', 'Combo import');

CREATE INDEX macrodata_artifact_kind_created_at ON macrodata_artifact (kind, created_at DESC, id DESC);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP INDEX macrodata_artifact_kind_created_at;
DELETE FROM macrodata_catalog WHERE kind = 'combo_import';
