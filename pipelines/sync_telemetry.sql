INSERT INTO sync_telemetry_sink
SELECT
  event_id,
  occurred_at,
  source_version_at,
  event_type,
  workflow,
  run_id,
  step,
  started_at,
  duration_ms,
  records_read,
  records_written,
  bytes_read,
  watermark_at,
  error_type,
  error_detail
FROM sync_telemetry
WHERE event_id IS NOT NULL;
