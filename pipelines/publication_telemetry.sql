INSERT INTO publication_telemetry_sink
SELECT
  event_id,
  occurred_at,
  source_version_at,
  event_type,
  publisher_id,
  publication_id,
  item_id,
  program_id,
  ad_server_id,
  product_id,
  click_id,
  order_id,
  visitor_hash,
  country_code,
  referrer_host,
  device_class,
  is_bot,
  is_prefetch,
  duration_ms,
  amount_minor,
  currency
FROM publication_telemetry
WHERE event_id IS NOT NULL;
