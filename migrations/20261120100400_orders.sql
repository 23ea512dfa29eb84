-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One Shopify order: who, when and in which state; the root that every write of the order locks.
CREATE TABLE order_header (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    confirmation_number TEXT,
    customer_id TEXT,
    email_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ NOT NULL,
    shopify_updated_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    cancelled_at TIMESTAMPTZ,
    cancel_reason TEXT,
    is_test BOOLEAN NOT NULL,
    is_edited BOOLEAN,
    currency TEXT NOT NULL,
    presentment_currency TEXT NOT NULL,
    taxes_included BOOLEAN NOT NULL,
    financial_status TEXT,
    fulfillment_status TEXT,
    return_status TEXT,
    source_name TEXT,
    po_number TEXT,
    note TEXT,
    customer_locale TEXT,
    landing_site TEXT,
    referring_site TEXT,
    tags JSONB NOT NULL,
    discount_codes JSONB NOT NULL,
    custom_attributes JSONB NOT NULL,
    payment_gateways JSONB NOT NULL,
    written_by TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    stream_pending_version BIGINT,
    deleted_at TIMESTAMPTZ
);
COMMENT ON TABLE order_header IS 'One Shopify order: who, when and in which state; the root that every write of the order locks.';
COMMENT ON COLUMN order_header.written_by IS 'The bulk run or webhook delivery that wrote the order last; only it may write children and emit events.';
COMMENT ON COLUMN order_header.version IS 'Grows by one with every write of the order.';
COMMENT ON COLUMN order_header.stream_pending_version IS 'The version whose events are not yet streamed; NULL once they are.';
COMMENT ON COLUMN order_header.deleted_at IS 'When Shopify reported the deletion; NULL while the order exists.';
CREATE INDEX order_header_pending ON order_header (written_by, id) WHERE stream_pending_version IS NOT NULL;
CREATE INDEX order_header_shopify_updated_at ON order_header (shopify_updated_at);
CREATE INDEX order_header_created_at ON order_header (created_at);
CREATE INDEX order_header_name ON order_header (name);
CREATE INDEX order_header_number ON order_header (number);
CREATE INDEX order_header_customer_id ON order_header (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX order_header_email_hash ON order_header (email_hash) WHERE email_hash IS NOT NULL;

-- One line of an order: what was bought, how many and at which price.
CREATE TABLE order_line_item (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    product_id TEXT,
    variant_id TEXT,
    sku TEXT,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    variant_title TEXT,
    vendor TEXT,
    quantity BIGINT NOT NULL,
    current_quantity BIGINT NOT NULL,
    is_gift_card BOOLEAN NOT NULL,
    is_taxable BOOLEAN NOT NULL,
    requires_shipping BOOLEAN NOT NULL,
    unit_price NUMERIC(19, 4) NOT NULL,
    discount_total NUMERIC(19, 4) NOT NULL,
    tax_total NUMERIC(19, 4) NOT NULL,
    presentment_unit_price NUMERIC(19, 4) NOT NULL,
    presentment_discount_total NUMERIC(19, 4) NOT NULL,
    presentment_tax_total NUMERIC(19, 4) NOT NULL,
    custom_attributes JSONB NOT NULL,
    added_at TIMESTAMPTZ,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_line_item IS 'One line of an order: what was bought, how many and at which price.';
COMMENT ON COLUMN order_line_item.product_id IS 'NULL for custom lines and products that were deleted before the order was read.';
COMMENT ON COLUMN order_line_item.added_at IS 'When an edit added the line; NULL for lines of the original order.';
CREATE INDEX order_line_item_order_id ON order_line_item (order_id);

-- One billing or shipping address of an order: personal data, erased on request.
CREATE TABLE order_address (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    company TEXT,
    address1 TEXT,
    address2 TEXT,
    city TEXT,
    province TEXT,
    province_code TEXT,
    country TEXT,
    country_code TEXT,
    zip TEXT,
    phone TEXT,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_address IS 'One billing or shipping address of an order: personal data, erased on request.';
CREATE INDEX order_address_order_id ON order_address (order_id);

-- The money of one order: as ordered, as it stands now, received and refunded.
CREATE TABLE order_summary (
    order_id TEXT PRIMARY KEY,
    total_price NUMERIC(19, 4) NOT NULL,
    subtotal_price NUMERIC(19, 4) NOT NULL,
    total_tax NUMERIC(19, 4) NOT NULL,
    total_discounts NUMERIC(19, 4) NOT NULL,
    total_shipping NUMERIC(19, 4) NOT NULL,
    current_total_price NUMERIC(19, 4) NOT NULL,
    current_subtotal_price NUMERIC(19, 4) NOT NULL,
    current_total_tax NUMERIC(19, 4) NOT NULL,
    current_total_discounts NUMERIC(19, 4) NOT NULL,
    total_received NUMERIC(19, 4) NOT NULL,
    total_refunded NUMERIC(19, 4) NOT NULL,
    total_outstanding NUMERIC(19, 4) NOT NULL,
    presentment_total_price NUMERIC(19, 4) NOT NULL,
    presentment_subtotal_price NUMERIC(19, 4) NOT NULL,
    presentment_total_tax NUMERIC(19, 4) NOT NULL,
    presentment_total_discounts NUMERIC(19, 4) NOT NULL,
    presentment_total_shipping NUMERIC(19, 4) NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_summary IS 'The money of one order: as ordered, as it stands now, received and refunded.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE order_summary;
DROP TABLE order_address;
DROP TABLE order_line_item;
DROP TABLE order_header;
