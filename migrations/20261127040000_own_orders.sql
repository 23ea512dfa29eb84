-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

ALTER TABLE conversion ADD COLUMN earns_nothing_because TEXT;
COMMENT ON COLUMN conversion.earns_nothing_because IS 'no_rate: none was in force; own_order: the publisher bought it itself; NULL if it earns.';
COMMENT ON COLUMN conversion.rate_id IS 'The rate that was in force when the order was placed; NULL if it earns nothing.';
UPDATE conversion SET earns_nothing_because = 'no_rate' WHERE rate_id IS NULL;
CREATE INDEX conversion_ordered_at ON conversion (ordered_at, id);

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
DROP INDEX conversion_ordered_at;
COMMENT ON COLUMN conversion.rate_id IS 'The rate that was in force when the order was placed; NULL if none was, and nothing is earned.';
ALTER TABLE conversion DROP COLUMN earns_nothing_because;
