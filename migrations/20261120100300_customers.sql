-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- One customer that an order named: the id and nothing personal.
CREATE TABLE customer (
    id TEXT PRIMARY KEY,
    first_seen_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE customer IS 'One customer that an order named: the id and nothing personal.';
COMMENT ON COLUMN customer.id IS 'Derived from the gid that Shopify gave the customer.';

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP TABLE customer;
