-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- What a request makes has an id of its key and of when the key was new: an attempt that takes
-- over, or comes after an error, makes the same thing; a day later it is another one.
ALTER TABLE idempotent_request ADD COLUMN first_seen_at TIMESTAMPTZ NOT NULL DEFAULT now();
COMMENT ON COLUMN idempotent_request.first_seen_at IS 'When the key was new; attempts that follow leave it.';
UPDATE idempotent_request SET first_seen_at = created_at;
ALTER TABLE idempotent_request ALTER COLUMN attempt DROP NOT NULL;
COMMENT ON COLUMN idempotent_request.attempt IS 'Who works on it: an attempt that was taken over writes no answer any more. Null once it was given back.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DELETE FROM idempotent_request WHERE attempt IS NULL;
ALTER TABLE idempotent_request ALTER COLUMN attempt SET NOT NULL;
COMMENT ON COLUMN idempotent_request.attempt IS 'Who works on it: an attempt that was taken over writes no answer any more.';
ALTER TABLE idempotent_request DROP COLUMN first_seen_at;
