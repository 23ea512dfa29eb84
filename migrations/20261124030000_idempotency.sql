-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One POST that came with an Idempotency-Key, and its answer once there is one; kept for a day.
CREATE TABLE idempotent_request (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    attempt TEXT NOT NULL,
    status INTEGER,
    headers JSONB,
    body TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    held_until TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE idempotent_request IS 'One POST that came with an Idempotency-Key, and its answer once there is one; kept for a day.';
COMMENT ON COLUMN idempotent_request.id IS 'Derived from principal, method, path and key.';
COMMENT ON COLUMN idempotent_request.attempt IS 'Who works on it: an attempt that was taken over writes no answer any more.';
COMMENT ON COLUMN idempotent_request.status IS 'Null while it is worked on.';
COMMENT ON COLUMN idempotent_request.held_until IS 'When an attempt without an answer counts as lost.';
CREATE INDEX idempotent_request_expires_at ON idempotent_request (expires_at);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE idempotent_request;
