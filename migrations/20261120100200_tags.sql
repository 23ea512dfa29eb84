-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One product tag of the shop; two spellings that differ only in case are one tag.
CREATE TABLE product_tag (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    category_id TEXT,
    classified_at TIMESTAMPTZ,
    classified_by TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE product_tag IS 'One product tag of the shop; two spellings that differ only in case are one tag.';
COMMENT ON COLUMN product_tag.id IS 'Derived from the lower-cased tag.';
COMMENT ON COLUMN product_tag.name IS 'The spelling that was seen first.';
COMMENT ON COLUMN product_tag.category_id IS 'The tag group it is classified into; NULL is unclassified.';
CREATE INDEX product_tag_name ON product_tag (lower(name));
CREATE INDEX product_tag_category_id ON product_tag (category_id);

-- One group of tags that staff keeps, such as theme or colour.
CREATE TABLE product_category (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    position BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE product_category IS 'One group of tags that staff keeps, such as theme or colour.';
CREATE UNIQUE INDEX product_category_name ON product_category (lower(name));

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE product_category;
DROP TABLE product_tag;
