"""Webhooks in any order, twice, failing, beside a bulk sync: the end is that of a sync."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from shared.ids import derived_id
from tests.fixtures.webhook_chaos import Chaos, Size
from tests.fixtures.webhook_comparison import comparable, differences, from_scratch
from tests.fixtures.webhooks import WebhooksFactory


async def test_deliveries_end_as_a_sync_from_scratch(
    webhooks_factory: WebhooksFactory,
    new_database: Callable[[], Awaitable[str]],
    tmp_path: Path,
) -> None:
    webhooks = await webhooks_factory(orders=80)
    report = await Chaos(webhooks, Size(deliveries=400, products=25)).run()

    assert report.accepted == report.deliveries >= 400
    assert report.troubles > 10
    assert webhooks.ports.queue.depth() == 0
    assert webhooks.dead_letters() == []
    wanted, newest = await from_scratch(webhooks, new_database, tmp_path / "scratch")
    found = await comparable(webhooks.sync, report.deleted)
    assert differences(found, wanted) == []

    pending = "SELECT id FROM order_header WHERE stream_pending_version IS NOT NULL"
    assert await webhooks.rows(pending) == []
    gone = {derived_id("ord", gid) for gid in report.deleted}
    streamed = {
        event_id: event
        for event_id, event in webhooks.ports.commerce.newest().items()
        if event["order_id"] not in gone
    }
    assert streamed == newest
    outcomes = await webhooks.rows("SELECT outcome, count(*) FROM webhook_delivery GROUP BY 1")
    assert {row["outcome"] for row in outcomes} >= {"written", "outdated", "known", "same"}
