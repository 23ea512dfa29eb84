-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One shipment of an order.
CREATE TABLE fulfillment (
    id TEXT PRIMARY KEY,
    shopify_gid TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL,
    display_status TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    in_transit_at TIMESTAMPTZ,
    estimated_delivery_at TIMESTAMPTZ,
    total_quantity BIGINT NOT NULL,
    service TEXT,
    tracking JSONB NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE fulfillment IS 'One shipment of an order.';
CREATE INDEX fulfillment_order_id ON fulfillment (order_id);
CREATE INDEX fulfillment_created_at ON fulfillment (created_at, status);

-- How many units of one order line one fulfillment ships.
CREATE TABLE fulfillment_line (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    fulfillment_id TEXT NOT NULL,
    order_line_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    written_by TEXT NOT NULL
);
COMMENT ON TABLE fulfillment_line IS 'How many units of one order line one fulfillment ships.';
CREATE INDEX fulfillment_line_order_id ON fulfillment_line (order_id);

-- The fulfillments created on one day of the shop's time zone, counted by outcome.
CREATE TABLE fulfillment_daily_summary (
    id TEXT PRIMARY KEY,
    day DATE NOT NULL UNIQUE,
    total_count BIGINT NOT NULL,
    success_count BIGINT NOT NULL,
    failure_count BIGINT NOT NULL,
    computed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE fulfillment_daily_summary IS 'The fulfillments created on one day of the shop''s time zone, counted by outcome.';
COMMENT ON COLUMN fulfillment_daily_summary.success_count IS 'Status SUCCESS.';
COMMENT ON COLUMN fulfillment_daily_summary.failure_count IS 'Status CANCELLED, ERROR or FAILURE.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE fulfillment_daily_summary;
DROP TABLE fulfillment_line;
DROP TABLE fulfillment;
