-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One webhook delivery that was dealt with: kept for 7 days, so that a second copy changes nothing.
CREATE TABLE webhook_delivery (
    id TEXT PRIMARY KEY,
    shop TEXT NOT NULL,
    topic TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT,
    subject_id TEXT,
    digest TEXT,
    outcome TEXT NOT NULL,
    handled_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE webhook_delivery IS 'One webhook delivery that was dealt with: kept for 7 days, so that a second copy changes nothing.';
COMMENT ON COLUMN webhook_delivery.id IS 'Derived from shop, topic and webhook id; also the name of the writer (written_by) of what it changed.';
COMMENT ON COLUMN webhook_delivery.event_id IS 'What Shopify calls the merchant''s action: correlation only, several deliveries share one.';
COMMENT ON COLUMN webhook_delivery.subject_id IS 'The order or product that it was about.';
COMMENT ON COLUMN webhook_delivery.digest IS 'Of the state that it wrote: a second state of the same second is told apart by it.';
CREATE INDEX webhook_delivery_handled_at ON webhook_delivery (handled_at);

-- What stays true of one order whatever is written of it later: that it was deleted, or redacted.
CREATE TABLE order_mark (
    order_id TEXT PRIMARY KEY,
    deleted_at TIMESTAMPTZ,
    redacted_at TIMESTAMPTZ
);
COMMENT ON TABLE order_mark IS 'What stays true of one order whatever is written of it later: that it was deleted, or redacted.';

INSERT INTO macrodata_catalog (id, kind, title) VALUES
    ('mdc_compliance_record', 'compliance_record', 'Compliance record');

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DELETE FROM macrodata_catalog WHERE id = 'mdc_compliance_record';
DROP TABLE order_mark;
DROP TABLE webhook_delivery;
