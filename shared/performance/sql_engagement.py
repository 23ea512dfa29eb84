"""The SQL of engagement reports, over the relation `publication_events`: one publisher's events."""

from __future__ import annotations

from typing import Final, Literal

EngagementGroup = Literal["day", "item", "publication"]

COLUMNS: Final = (
    "event_id",
    "source_version_at",
    "occurred_at",
    "event_type",
    "publisher_id",
    "publication_id",
    "item_id",
    "order_id",
    "visitor_hash",
    "is_bot",
    "is_prefetch",
)
COUNTS: Final = (
    "clicks",
    "impressions",
    "views",
    "engagements",
    "conversions",
    "reported_conversions",
    "visitors",
    "not_by_persons",
)
_KEYS: Final[dict[EngagementGroup, str]] = {
    "day": "day::VARCHAR",
    "item": "item_id",
    "publication": "publication_id",
}
_ORDERS: Final[dict[EngagementGroup, str]] = {
    "day": "key",
    "item": "clicks DESC, impressions DESC, key",
    "publication": "clicks DESC, impressions DESC, key",
}
_EVENTS: Final = """
    WITH newest AS (
        SELECT * FROM publication_events WHERE publisher_id = $publisher_id
        QUALIFY row_number() OVER (
            PARTITION BY event_id ORDER BY source_version_at DESC, occurred_at DESC) = 1
    ), counted AS (
        SELECT *, (occurred_at AT TIME ZONE $timezone)::DATE AS day,
               NOT coalesce(is_bot, false) AND NOT coalesce(is_prefetch, false) AS is_person
        FROM newest
    )
"""
_SUMS: Final = """
    count(*) FILTER (is_person AND event_type = 'click') AS clicks,
    count(*) FILTER (is_person AND event_type = 'impression') AS impressions,
    count(*) FILTER (is_person AND event_type = 'view') AS views,
    count(*) FILTER (is_person AND event_type = 'engagement') AS engagements,
    count(*) FILTER (event_type = 'conversion' AND order_id IS NOT NULL) AS conversions,
    count(*) FILTER (is_person AND event_type = 'conversion' AND order_id IS NULL)
        AS reported_conversions,
    count(DISTINCT visitor_hash) FILTER (is_person) AS visitors,
    count(*) FILTER (NOT is_person) AS not_by_persons
"""
_DAYS: Final = "day BETWEEN $since::DATE AND $until::DATE"


def groups(group_by: EngagementGroup) -> str:
    """Return the SELECT of the groups with their counts, at most `$limit`."""
    return (
        f"{_EVENTS} SELECT {_KEYS[group_by]} AS key, {_SUMS} FROM counted"
        f" WHERE {_DAYS} GROUP BY key ORDER BY {_ORDERS[group_by]} LIMIT $limit"
    )


TOTAL: Final = f"{_EVENTS} SELECT {_SUMS} FROM counted WHERE {_DAYS}"
