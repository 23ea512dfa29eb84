-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One payment transaction of an order: authorization, capture, sale, refund or void.
CREATE TABLE order_transaction (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    parent_id TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    gateway TEXT,
    is_test BOOLEAN NOT NULL,
    amount NUMERIC(19, 4) NOT NULL,
    currency TEXT NOT NULL,
    presentment_amount NUMERIC(19, 4) NOT NULL,
    presentment_currency TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ NOT NULL,
    error_code TEXT,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_transaction IS 'One payment transaction of an order: authorization, capture, sale, refund or void.';
CREATE INDEX order_transaction_order_id ON order_transaction (order_id);

-- One refund of an order, with or without money.
CREATE TABLE order_refund (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    return_id TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ NOT NULL,
    total_refunded NUMERIC(19, 4) NOT NULL,
    presentment_total_refunded NUMERIC(19, 4) NOT NULL,
    note TEXT,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_refund IS 'One refund of an order, with or without money.';
CREATE INDEX order_refund_order_id ON order_refund (order_id);

-- What one refund gives back of one order line.
CREATE TABLE order_refund_line (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    refund_id TEXT NOT NULL,
    order_line_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    amount NUMERIC(19, 4) NOT NULL,
    tax NUMERIC(19, 4) NOT NULL,
    presentment_amount NUMERIC(19, 4) NOT NULL,
    presentment_tax NUMERIC(19, 4) NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_refund_line IS 'What one refund gives back of one order line.';
CREATE INDEX order_refund_line_order_id ON order_refund_line (order_id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE order_refund_line;
DROP TABLE order_refund;
DROP TABLE order_transaction;
