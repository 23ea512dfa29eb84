-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

UPDATE commission_dispute
SET resolution = CASE resolution WHEN 'upheld' THEN 'reversed' ELSE 'kept' END
WHERE resolution IN ('upheld', 'rejected');
COMMENT ON COLUMN commission_dispute.resolution IS 'What became of the commission: reversed took it back for good, kept left it to be approved; NULL while it is open.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
UPDATE commission_dispute
SET resolution = CASE resolution WHEN 'reversed' THEN 'upheld' ELSE 'rejected' END
WHERE resolution IN ('reversed', 'kept');
COMMENT ON COLUMN commission_dispute.resolution IS 'upheld took the commission back, rejected gave it free; NULL while it is open.';
