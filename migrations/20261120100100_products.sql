-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One Shopify product as it was last read; kept after its deletion, for orders still name it.
CREATE TABLE product (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    handle TEXT NOT NULL,
    status TEXT NOT NULL,
    vendor TEXT,
    product_type TEXT,
    is_gift_card BOOLEAN NOT NULL,
    description_html TEXT,
    category_gid TEXT,
    category_name TEXT,
    image_url TEXT,
    online_store_url TEXT,
    total_inventory BIGINT,
    price_min NUMERIC(19, 4),
    price_max NUMERIC(19, 4),
    created_at TIMESTAMPTZ NOT NULL,
    shopify_updated_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,
    written_by TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    deleted_at TIMESTAMPTZ
);
COMMENT ON TABLE product IS 'One Shopify product as it was last read; kept after its deletion, for orders still name it.';
COMMENT ON COLUMN product.written_by IS 'The bulk run or webhook delivery that wrote the row last.';
COMMENT ON COLUMN product.version IS 'Grows by one with every write of the row.';
COMMENT ON COLUMN product.deleted_at IS 'When Shopify reported the deletion; NULL while the product exists.';
CREATE INDEX product_shopify_updated_at ON product (shopify_updated_at);
CREATE INDEX product_created_at ON product (created_at);
CREATE INDEX product_written_by ON product (written_by, id);

-- One variant of a product: what is bought, with its own price and stock.
CREATE TABLE product_variant (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    product_id TEXT NOT NULL,
    title TEXT NOT NULL,
    sku TEXT,
    barcode TEXT,
    position BIGINT NOT NULL,
    price NUMERIC(19, 4) NOT NULL,
    compare_at_price NUMERIC(19, 4),
    unit_cost NUMERIC(19, 4),
    is_taxable BOOLEAN NOT NULL,
    inventory_quantity BIGINT,
    inventory_policy TEXT,
    available_for_sale BOOLEAN,
    created_at TIMESTAMPTZ NOT NULL,
    shopify_updated_at TIMESTAMPTZ NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE product_variant IS 'One variant of a product: what is bought, with its own price and stock.';
CREATE INDEX product_variant_product_id ON product_variant (product_id);
CREATE INDEX product_variant_sku ON product_variant (sku);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE product_variant;
DROP TABLE product;
