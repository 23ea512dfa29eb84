-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

CREATE INDEX ledger_transaction_booked_at ON ledger_transaction (booked_at);
COMMENT ON INDEX ledger_transaction_booked_at IS 'For the health: what was booked since it last looked.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP INDEX ledger_transaction_booked_at;
