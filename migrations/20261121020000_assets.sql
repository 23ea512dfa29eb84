-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

INSERT INTO macrodata_catalog (id, kind, title) VALUES
    ('mdc_asset_ingest', 'asset_ingest', 'Asset ingest');

CREATE INDEX macrodata_artifact_asset_key ON macrodata_artifact (((payload ->> 'key') COLLATE "C")) WHERE kind = 'design_asset';
CREATE INDEX macrodata_artifact_asset_ingest_product ON macrodata_artifact ((payload ->> 'product_id'), created_at DESC) WHERE kind = 'asset_ingest';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP INDEX macrodata_artifact_asset_ingest_product;
DROP INDEX macrodata_artifact_asset_key;
DELETE FROM macrodata_catalog WHERE kind = 'asset_ingest';
