-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One payment to a publisher of all that was approved in one currency.
CREATE TABLE payout (
    id TEXT PRIMARY KEY,
    publisher_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    payment_reference TEXT,
    note TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL
);
COMMENT ON TABLE payout IS 'One payment to a publisher of all that was approved in one currency.';
COMMENT ON COLUMN payout.id IS 'Derived from the Idempotency-Key and who sent it.';
COMMENT ON COLUMN payout.payment_reference IS 'What the bank calls the transfer.';
CREATE INDEX payout_created_at ON payout (created_at, id);
CREATE INDEX payout_publisher_id ON payout (publisher_id, created_at, id);

-- The self-billing invoice of one payout, numbered without gaps for each publisher.
CREATE TABLE invoice (
    id TEXT PRIMARY KEY,
    payout_id TEXT NOT NULL UNIQUE,
    publisher_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE invoice IS 'The self-billing invoice of one payout, numbered without gaps for each publisher.';
CREATE UNIQUE INDEX invoice_number ON invoice (publisher_id, number);

-- What one invoice pays of one commission; negative where a refund came after an earlier payout.
CREATE TABLE invoice_line (
    id TEXT PRIMARY KEY,
    invoice_id TEXT NOT NULL,
    commission_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount_minor BIGINT NOT NULL
);
COMMENT ON TABLE invoice_line IS 'What one invoice pays of one commission; negative where a refund came after an earlier payout.';
CREATE UNIQUE INDEX invoice_line_commission_id ON invoice_line (invoice_id, commission_id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE invoice_line;
DROP TABLE invoice;
DROP TABLE payout;
