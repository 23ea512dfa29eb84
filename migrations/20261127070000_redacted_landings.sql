-- migrate:up
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';

-- Orders that were redacted before kept the address of the page that the buyer came to.
UPDATE order_header AS h
SET referring_site = NULL,
    landing_site = '/?click_id=' || substring(h.landing_site FROM '[?&]click_id=([A-Za-z0-9_=-]+)(?:[&#]|$)')
FROM order_mark AS m
WHERE m.order_id = h.id AND m.redacted_at IS NOT NULL;

-- migrate:down
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
SELECT 'what was erased stays so';
