-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One click that an order may be attributed to: its item was in a program when it happened.
CREATE TABLE referral (
    id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL,
    publication_id TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    program_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    clicked_at TIMESTAMPTZ NOT NULL,
    visitor_hash TEXT
);
COMMENT ON TABLE referral IS 'One click that an order may be attributed to: its item was in a program when it happened.';
COMMENT ON COLUMN referral.id IS 'Made of the nonce of the signed click id, so a repeated click is one row.';
COMMENT ON COLUMN referral.visitor_hash IS 'Of address and user agent with a salt of the day; neither is kept.';
CREATE INDEX referral_publisher_id ON referral (publisher_id, clicked_at);

-- One publication event that the domain tracks: a conversion that a publisher reports.
CREATE TABLE publication_telemetry (
    id TEXT PRIMARY KEY,
    event_type TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    publication_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    program_id TEXT,
    click_id TEXT,
    order_reference TEXT,
    amount NUMERIC(19, 4),
    currency TEXT,
    occurred_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE publication_telemetry IS 'One publication event that the domain tracks: a conversion that a publisher reports.';
COMMENT ON COLUMN publication_telemetry.id IS 'The event id in the stream.';
COMMENT ON COLUMN publication_telemetry.click_id IS 'The referral that it names, if any.';
COMMENT ON COLUMN publication_telemetry.order_reference IS 'What the publisher says of the order; never trusted.';
CREATE INDEX publication_telemetry_publisher_id ON publication_telemetry (publisher_id, occurred_at);
CREATE INDEX publication_telemetry_click_id ON publication_telemetry (click_id) WHERE click_id IS NOT NULL;

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE publication_telemetry;
DROP TABLE referral;
