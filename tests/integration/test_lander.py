"""Accepted events reach their Iceberg tables, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.lake import Lake

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def commerce_event(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": f"evt_{number}",
        "occurred_at": (NOON + timedelta(seconds=number)).isoformat(),
        "source_version_at": NOON.isoformat(),
        "event_type": "order_created",
        "order_id": f"ord_{number}",
        "product_id": f"prd_{number % 7}",
        "quantity": number,
        "amount_minor": number * 100,
        "currency": "EUR",
        "presentment_currency": "EUR",
        "discount_codes": ["A", "B"] if number % 2 else [],
    } | changes


async def test_events_land_as_they_were_sent(lake: Lake) -> None:
    odd = {
        "product_title": 'Ü "quoted"\n\u0000 😀',
        "occurred_at": "2026-11-20T23:30:00.123456+02:00",
    }
    await lake.commerce.send([commerce_event(1, **odd), commerce_event(2)])
    assert await lake.lander.flush() == 2
    rows = lake.catalog.load_table("commerce.telemetry").scan().to_arrow().to_pylist()
    first, second = sorted(rows, key=lambda row: row["event_id"])
    assert first["product_title"] == odd["product_title"]
    assert first["occurred_at"] == datetime(2026, 11, 20, 21, 30, 0, 123456, tzinfo=UTC)
    assert (first["discount_codes"], second["discount_codes"]) == (["A", "B"], [])
    assert first["is_test"] is False
    assert first["order_line_id"] is None
    assert abs(datetime.now(UTC) - first["__ingest_ts"]) < timedelta(minutes=1)
