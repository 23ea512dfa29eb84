-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One publisher: who shows products to an audience and is paid for what that sells.
CREATE TABLE publisher (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    website_url TEXT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE publisher IS 'One publisher: who shows products to an audience and is paid for what that sells.';
COMMENT ON COLUMN publisher.status IS 'pending, active or suspended; only an active publisher is visible and may call the API.';
CREATE UNIQUE INDEX publisher_name ON publisher (lower(name));
CREATE INDEX publisher_created_at ON publisher (created_at, id);

-- One place that delivers the publications of a publisher, such as a site or a newsletter system.
CREATE TABLE ad_server (
    id TEXT PRIMARY KEY,
    publisher_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL
);
COMMENT ON TABLE ad_server IS 'One place that delivers the publications of a publisher, such as a site or a newsletter system.';
CREATE UNIQUE INDEX ad_server_name ON ad_server (publisher_id, lower(name));

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE ad_server;
DROP TABLE publisher;
