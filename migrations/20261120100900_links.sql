-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One tag that one product carries.
CREATE TABLE link_product_tag (
    id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,
    tag_id TEXT NOT NULL
);
COMMENT ON TABLE link_product_tag IS 'One tag that one product carries.';
COMMENT ON COLUMN link_product_tag.id IS 'Derived from product and tag.';
CREATE INDEX link_product_tag_product_id ON link_product_tag (product_id);
CREATE INDEX link_product_tag_tag_id ON link_product_tag (tag_id);

-- One artifact that belongs to one product, such as its design asset.
CREATE TABLE link_product_macrodata_artifact (
    id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL
);
COMMENT ON TABLE link_product_macrodata_artifact IS 'One artifact that belongs to one product, such as its design asset.';
COMMENT ON COLUMN link_product_macrodata_artifact.id IS 'Derived from product, artifact and role.';
CREATE INDEX link_product_macrodata_artifact_product_id ON link_product_macrodata_artifact (product_id);
CREATE INDEX link_product_macrodata_artifact_artifact_id ON link_product_macrodata_artifact (artifact_id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE link_product_macrodata_artifact;
DROP TABLE link_product_tag;
