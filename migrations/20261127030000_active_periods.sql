-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One while in which a publisher or a program was active: orders placed in it can be attributed.
CREATE TABLE active_period (
    id TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
COMMENT ON TABLE active_period IS 'One while in which a publisher or a program was active: orders placed in it can be attributed.';
COMMENT ON COLUMN active_period.owner_id IS 'The publisher or the program.';
COMMENT ON COLUMN active_period.ended_at IS 'When it was suspended or ended, which is no longer part of it; NULL while it is active.';
CREATE UNIQUE INDEX active_period_open ON active_period (owner_id) WHERE ended_at IS NULL;
CREATE INDEX active_period_owner_id ON active_period (owner_id, began_at);

-- When those that are there became active is not known: when they were made. When they were
-- suspended or ended neither: when they were changed last.
INSERT INTO active_period (id, owner_id, began_at, ended_at)
SELECT 'acp_' || md5(id), id, created_at, CASE WHEN status <> 'active' THEN updated_at END
FROM publisher WHERE status IN ('active', 'suspended')
UNION ALL
SELECT 'acp_' || md5(id), id, created_at, CASE WHEN status <> 'active' THEN updated_at END
FROM program WHERE status IN ('active', 'ended');

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE active_period;
