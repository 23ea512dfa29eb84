-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One API key of a publisher; its secret was shown once and is kept as a digest.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    publisher_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    origins TEXT[] NOT NULL,
    secret_sha256 TEXT NOT NULL,
    expires_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at TIMESTAMPTZ,
    revoked_by TEXT
);
COMMENT ON TABLE api_key IS 'One API key of a publisher; its secret was shown once and is kept as a digest.';
COMMENT ON COLUMN api_key.kind IS 'secret for servers, publishable for pages that anybody can read.';
COMMENT ON COLUMN api_key.origins IS 'Where a publishable key may be used from.';
CREATE INDEX api_key_publisher_id ON api_key (publisher_id, created_at, id);

-- One OAuth client of a publisher, which trades its secret for short-lived tokens.
CREATE TABLE oauth_client (
    id TEXT PRIMARY KEY,
    publisher_id TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    secret_sha256 TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at TIMESTAMPTZ,
    revoked_by TEXT
);
COMMENT ON TABLE oauth_client IS 'One OAuth client of a publisher, which trades its secret for short-lived tokens.';
CREATE INDEX oauth_client_publisher_id ON oauth_client (publisher_id, created_at, id);

-- One access token that an OAuth client was given; removed some time after its end.
CREATE TABLE oauth_token (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    secret_sha256 TEXT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE oauth_token IS 'One access token that an OAuth client was given; removed some time after its end.';
CREATE INDEX oauth_token_client_id ON oauth_token (client_id, expires_at);

-- The requests that one API key or OAuth client made in its present minute.
CREATE TABLE api_usage (
    id TEXT PRIMARY KEY,
    window_started_at TIMESTAMPTZ NOT NULL,
    used BIGINT NOT NULL
);
COMMENT ON TABLE api_usage IS 'The requests that one API key or OAuth client made in its present minute.';
COMMENT ON COLUMN api_usage.id IS 'The id of the key or client.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE api_usage;
DROP TABLE oauth_token;
DROP TABLE oauth_client;
DROP TABLE api_key;
