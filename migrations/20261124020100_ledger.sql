-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One account of the merchant or of a publisher in one currency.
CREATE TABLE ledger_account (
    id TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    currency TEXT NOT NULL
);
COMMENT ON TABLE ledger_account IS 'One account of the merchant or of a publisher in one currency.';
COMMENT ON COLUMN ledger_account.id IS 'Derived from owner, kind and currency.';
COMMENT ON COLUMN ledger_account.owner_id IS 'The publisher, or the word merchant.';
COMMENT ON COLUMN ledger_account.kind IS 'commission_expense and payout_clearing of the merchant; pending and approved of a publisher.';
CREATE UNIQUE INDEX ledger_account_owner ON ledger_account (owner_id, kind, currency);

-- One balanced movement between two accounts; appended, never changed.
CREATE TABLE ledger_transaction (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    publisher_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    commission_id TEXT,
    payout_id TEXT,
    fact_kind TEXT,
    fact_id TEXT,
    fact_minor BIGINT,
    occurred_at TIMESTAMPTZ NOT NULL,
    booked_at TIMESTAMPTZ NOT NULL,
    booked_by TEXT NOT NULL
);
COMMENT ON TABLE ledger_transaction IS 'One balanced movement between two accounts; appended, never changed.';
COMMENT ON COLUMN ledger_transaction.id IS 'Derived from what it books, so that booking it again is no second one.';
COMMENT ON COLUMN ledger_transaction.kind IS 'accrual, reversal, correction, approval, suspension, rejection or payout.';
COMMENT ON COLUMN ledger_transaction.amount_minor IS 'What is moved; of a fact negative where it takes back from the publisher.';
COMMENT ON COLUMN ledger_transaction.fact_kind IS 'capture or refund, where it books a fact of an order.';
COMMENT ON COLUMN ledger_transaction.fact_minor IS 'The money of the fact when it was booked.';
CREATE INDEX ledger_transaction_commission_id ON ledger_transaction (commission_id, booked_at, id) WHERE commission_id IS NOT NULL;
CREATE INDEX ledger_transaction_payout_id ON ledger_transaction (payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX ledger_transaction_statement ON ledger_transaction (publisher_id, currency, booked_at, id);

-- One side of a movement: a debit is positive, a credit negative; appended, never changed.
CREATE TABLE ledger_entry (
    id TEXT PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    booked_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ledger_entry IS 'One side of a movement: a debit is positive, a credit negative; appended, never changed.';
CREATE INDEX ledger_entry_transaction_id ON ledger_entry (transaction_id);
CREATE INDEX ledger_entry_account_id ON ledger_entry (account_id, booked_at) INCLUDE (amount_minor);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE ledger_entry;
DROP TABLE ledger_transaction;
DROP TABLE ledger_account;
