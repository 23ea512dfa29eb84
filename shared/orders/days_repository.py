"""The daily count of fulfillments, kept in step with every write of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.ports import Database


async def recount_days(db: Database, instants: Iterable[datetime], *, timezone: str) -> None:
    """Count the fulfillments of the shop-days of these instants again.

    Must run inside the transaction that wrote them. The days' rows are locked first and counted in
    a second statement, which therefore sees what the lock's previous holder committed.
    """
    zone = ZoneInfo(timezone)
    days = sorted({instant.astimezone(zone).date() for instant in instants})
    if not days:
        return
    await db.execute(
        "INSERT INTO fulfillment_daily_summary AS t"
        " (id, day, total_count, success_count, failure_count)"
        " SELECT 'fds_' || to_char(d, 'YYYYMMDD'), d, 0, 0, 0 FROM unnest($1::date[]) AS d"
        " ON CONFLICT (id) DO UPDATE SET computed_at = now()",
        days,
    )
    await db.execute(
        "UPDATE fulfillment_daily_summary AS t SET total_count = c.total,"
        " success_count = c.success, failure_count = c.failure FROM ("
        " SELECT d.day, count(f.id) AS total,"
        " count(f.id) FILTER (WHERE f.status = 'SUCCESS') AS success,"
        " count(f.id) FILTER (WHERE f.status IN ('CANCELLED', 'ERROR', 'FAILURE')) AS failure"
        " FROM unnest($1::date[], $2::timestamptz[], $3::timestamptz[]) AS d (day, since, until)"
        " LEFT JOIN fulfillment AS f ON f.created_at >= d.since AND f.created_at < d.until"
        " GROUP BY d.day) AS c WHERE t.day = c.day",
        days,
        [datetime.combine(day, time.min, zone) for day in days],
        [datetime.combine(day + timedelta(days=1), time.min, zone) for day in days],
    )
