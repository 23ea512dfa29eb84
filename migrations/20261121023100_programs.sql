-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One commission program: the terms under which publications earn.
CREATE TABLE program (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    attribution_days BIGINT NOT NULL,
    hold_days BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE program IS 'One commission program: the terms under which publications earn.';
COMMENT ON COLUMN program.attribution_days IS 'How long after a click an order still counts for it.';
COMMENT ON COLUMN program.hold_days IS 'How long an earned commission waits for refunds before it may be approved.';
CREATE UNIQUE INDEX program_name ON program (lower(name));

-- One rate of a program from an instant on; a started rate is never changed, a later one follows it.
CREATE TABLE program_rate (
    id TEXT PRIMARY KEY,
    program_id TEXT NOT NULL,
    publisher_id TEXT,
    basis_points BIGINT NOT NULL,
    effective_from TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL
);
COMMENT ON TABLE program_rate IS 'One rate of a program from an instant on; a started rate is never changed, a later one follows it.';
COMMENT ON COLUMN program_rate.publisher_id IS 'The only publisher it is for; NULL is every publisher without a rate of its own.';
COMMENT ON COLUMN program_rate.basis_points IS 'Hundredths of a percent of the captured amount.';
CREATE UNIQUE INDEX program_rate_start ON program_rate (program_id, COALESCE(publisher_id, ''), effective_from);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE program_rate;
DROP TABLE program;
