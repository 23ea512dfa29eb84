-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One discount code that stands for a publisher in a program, from an instant on.
CREATE TABLE discount_code_assignment (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    program_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    ended_at TIMESTAMPTZ,
    ended_by TEXT
);
COMMENT ON TABLE discount_code_assignment IS 'One discount code that stands for a publisher in a program, from an instant on.';
COMMENT ON COLUMN discount_code_assignment.created_at IS 'Orders from this instant on count.';
COMMENT ON COLUMN discount_code_assignment.ended_at IS 'Orders from this instant on no longer count; NULL while it stands.';
CREATE UNIQUE INDEX discount_code_assignment_code ON discount_code_assignment (upper(code)) WHERE ended_at IS NULL;
CREATE INDEX discount_code_assignment_any_code ON discount_code_assignment (upper(code), created_at);
CREATE INDEX discount_code_assignment_publisher_id ON discount_code_assignment (publisher_id, created_at, id);

-- One order that is attributed to a publisher, with the facts that it rests on; never changed.
CREATE TABLE conversion (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    program_id TEXT NOT NULL,
    publication_id TEXT,
    item_id TEXT,
    product_id TEXT,
    click_id TEXT,
    clicked_at TIMESTAMPTZ,
    discount_code TEXT,
    assignment_id TEXT,
    window_days BIGINT NOT NULL,
    hold_days BIGINT NOT NULL,
    rate_id TEXT,
    basis_points BIGINT NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE conversion IS 'One order that is attributed to a publisher, with the facts that it rests on; never changed.';
COMMENT ON COLUMN conversion.kind IS 'click or discount_code.';
COMMENT ON COLUMN conversion.rate_id IS 'The rate that was in force when the order was placed; NULL if none was, and nothing is earned.';
COMMENT ON COLUMN conversion.basis_points IS 'Of that rate: later rates change nothing of this order.';
CREATE INDEX conversion_publisher_id ON conversion (publisher_id, ordered_at);

-- What one capture of an attributed order earns its publisher, less what refunds took back.
CREATE TABLE commission (
    id TEXT PRIMARY KEY,
    conversion_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    program_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    captured_minor BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    status TEXT NOT NULL,
    earned_at TIMESTAMPTZ NOT NULL,
    approvable_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE commission IS 'What one capture of an attributed order earns its publisher, less what refunds took back.';
COMMENT ON COLUMN commission.id IS 'Derived from the payment transaction: one per capture.';
COMMENT ON COLUMN commission.amount_minor IS 'The sum of its facts in the ledger, in minor units of the presentment currency.';
COMMENT ON COLUMN commission.paid_minor IS 'What payouts have settled of it; a refund after that makes the difference negative.';
COMMENT ON COLUMN commission.status IS 'pending, disputed, approved, paid or reversed.';
CREATE INDEX commission_order_id ON commission (order_id);
CREATE INDEX commission_created_at ON commission (created_at, id);
CREATE INDEX commission_publisher_id ON commission (publisher_id, created_at, id);
CREATE INDEX commission_due ON commission (publisher_id, approvable_at) WHERE status = 'pending';
CREATE INDEX commission_unpaid ON commission (publisher_id, currency) WHERE status IN ('approved', 'paid') AND amount_minor <> paid_minor;

-- One objection to a commission, by staff or by its publisher.
CREATE TABLE commission_dispute (
    id TEXT PRIMARY KEY,
    commission_id TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    raised_by_kind TEXT NOT NULL,
    raised_by TEXT NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    reason TEXT NOT NULL,
    resolution TEXT,
    resolved_by TEXT,
    resolved_at TIMESTAMPTZ,
    note TEXT
);
COMMENT ON TABLE commission_dispute IS 'One objection to a commission, by staff or by its publisher.';
COMMENT ON COLUMN commission_dispute.raised_by_kind IS 'staff or publisher.';
COMMENT ON COLUMN commission_dispute.resolution IS 'upheld took the commission back, rejected gave it free; NULL while it is open.';
CREATE UNIQUE INDEX commission_dispute_open ON commission_dispute (commission_id) WHERE resolved_at IS NULL;
CREATE INDEX commission_dispute_commission_id ON commission_dispute (commission_id, raised_at);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE commission_dispute;
DROP TABLE commission;
DROP TABLE conversion;
DROP TABLE discount_code_assignment;
