-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One return of an order, from the request on.
CREATE TABLE order_return (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    total_quantity BIGINT NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_return IS 'One return of an order, from the request on.';
CREATE INDEX order_return_order_id ON order_return (order_id);

-- Units of one order line that a return brings back.
CREATE TABLE order_return_line (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    return_id TEXT NOT NULL,
    order_line_id TEXT,
    quantity BIGINT NOT NULL,
    refunded_quantity BIGINT NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE order_return_line IS 'Units of one order line that a return brings back.';
CREATE INDEX order_return_line_order_id ON order_return_line (order_id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE order_return_line;
DROP TABLE order_return;
