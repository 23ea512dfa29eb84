-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE payout
    ADD COLUMN payment_reference_at TIMESTAMPTZ,
    ADD COLUMN payment_reference_by TEXT,
    ADD COLUMN status TEXT NOT NULL DEFAULT 'booked',
    ADD COLUMN voided_at TIMESTAMPTZ,
    ADD COLUMN voided_by TEXT,
    ADD COLUMN void_reason TEXT;
COMMENT ON COLUMN payout.payment_reference_at IS 'When the reference was set or corrected; NULL if it came with the payout.';
COMMENT ON COLUMN payout.status IS 'booked or void.';
COMMENT ON COLUMN payout.void_reason IS 'Why it was taken back: the transfer bounced or was never made.';

ALTER TABLE invoice
    ADD COLUMN status TEXT NOT NULL DEFAULT 'issued',
    ADD COLUMN voided_at TIMESTAMPTZ;
COMMENT ON COLUMN invoice.status IS 'issued, or void with its payout; the number stays taken.';

CREATE INDEX invoice_line_of_commission ON invoice_line (commission_id);
COMMENT ON COLUMN ledger_transaction.kind IS 'accrual, reversal, correction, approval, suspension, rejection, payout or void.';
COMMENT ON COLUMN commission.paid_minor IS 'What payouts that are not void have settled of it; a refund after that makes the difference negative.';
COMMENT ON COLUMN commission.status IS 'pending, disputed, approved, paid or reversed; paid while an invoice that is not void names it.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
COMMENT ON COLUMN commission.status IS 'pending, disputed, approved, paid or reversed.';
COMMENT ON COLUMN commission.paid_minor IS 'What payouts have settled of it; a refund after that makes the difference negative.';
COMMENT ON COLUMN ledger_transaction.kind IS 'accrual, reversal, correction, approval, suspension, rejection or payout.';
DROP INDEX invoice_line_of_commission;
ALTER TABLE invoice DROP COLUMN voided_at, DROP COLUMN status;
ALTER TABLE payout
    DROP COLUMN void_reason,
    DROP COLUMN voided_by,
    DROP COLUMN voided_at,
    DROP COLUMN status,
    DROP COLUMN payment_reference_by,
    DROP COLUMN payment_reference_at;
