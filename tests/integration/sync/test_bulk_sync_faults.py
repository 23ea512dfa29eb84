"""A result that is not right never moves the watermark, and the run says why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from local.shopify.faults import Fault

from shared.clock import format_instant
from tests.fixtures.bulk_sync import BulkSync, BulkSyncFactory

ALWAYS = 99


async def assert_failed(sync: BulkSync, reason: str) -> None:
    """The run failed, its summary and its sync event say why, and nothing was moved or kept."""
    summary = await sync.summary()
    assert summary["status"] == "failed"
    assert reason in summary["reason"]
    assert summary["finished_at"] >= summary["started_at"]
    [event] = [e for e in sync.ports.sync.events if e["event_type"] == "run_failed"]
    assert reason in event["error_detail"]
    assert await sync.watermark() is None
    assert sync.ports.commerce.events == []
    lease = await sync.ports.watermarks.acquire("orders", "next", ttl=timedelta(minutes=1))
    assert lease.held_by == "next"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.FILE_TRUNCATED, "bytes"),
        (Fault.FILE_CUT_AT_LINE, "lines"),
        (Fault.WRONG_OBJECT_COUNT, "lines"),
        (Fault.WRONG_ROOT_COUNT, "roots"),
        (Fault.WRONG_FILE_SIZE, "bytes"),
        (Fault.URL_EXPIRED, "expired"),
        (Fault.BULK_FAILED, "FAILED (INTERNAL_SERVER_ERROR)"),
        (Fault.BULK_FAILED_WITH_PARTIAL, "FAILED (INTERNAL_SERVER_ERROR)"),
        (Fault.BULK_CANCELED, "CANCELED"),
        (Fault.BULK_EXPIRED, "EXPIRED"),
    ],
)
async def test_failure_modes_1_3_13_a_bad_result_is_never_taken(
    bulk_sync: BulkSyncFactory, fault: Fault, reason: str
) -> None:
    """Once, it is submitted again and said so; each time, the run fails."""
    sync = bulk_sync()
    sync.shop.faults.inject(fault, ALWAYS)
    assert (await sync.run()).state == "errored"
    await assert_failed(sync, reason)
    assert await sync.count("order_header") == 0
    assert await sync.ports.objects.head("archives/ingest/run_1.jsonl") is None
    assert [step for step in sync.steps if step.startswith("request")] == [
        "request",
        "request-agreements",
        "request-2",
        "request-3",
    ]


async def test_failure_modes_3_4_a_failed_operation_is_submitted_again_for_the_same_window(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    start = sync.clock.now()
    sync.shop.faults.inject(Fault.BULK_FAILED)
    sync.shop.faults.inject(Fault.FILE_TRUNCATED)
    status = await sync.run()
    assert status.state == "complete", status.error
    summary = await sync.summary()
    assert any("FAILED" in note and "submitted again" in note for note in summary["notes"])
    assert await sync.watermark() == start
    assert summary["until"] == format_instant(start)
    assert await sync.count("order_header") == summary["archive"]["roots"] > 0


async def test_an_operation_without_access_fails_at_once(bulk_sync: BulkSyncFactory) -> None:
    sync = bulk_sync()
    sync.shop.faults.inject(Fault.BULK_ACCESS_DENIED)
    assert (await sync.run()).state == "errored"
    await assert_failed(sync, "ACCESS_DENIED")
    assert "request-2" not in sync.steps


async def test_failure_mode_7_blank_lines_crlf_null_children_and_new_enums_are_read(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    for fault in (
        Fault.FILE_CRLF,
        Fault.FILE_BLANK_LINES,
        Fault.FILE_NULL_CHILD,
        Fault.FILE_UNKNOWN_ENUM,
    ):
        sync.shop.faults.inject(fault)
    status = await sync.run()
    assert status.state == "complete", status.error
    rows = await sync.rows()
    assert len(rows["order_header"]) == (await sync.summary())["archive"]["roots"]
    assert {row["financial_status"] for row in rows["order_header"]} == {"NEVER_SEEN_BEFORE"}
    assert await sync.watermark() is not None


async def test_failure_mode_5_a_dropped_connection_and_a_busy_shop_only_take_longer(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    for fault in (Fault.DOWNLOAD_DROPPED, Fault.DOWNLOAD_500, Fault.HTTP_503):
        sync.shop.faults.inject(fault)
    assert (await sync.run()).state == "complete"
    assert await sync.watermark() is not None


async def test_a_second_run_is_refused_while_the_first_holds_the_object(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    await sync.ports.watermarks.acquire("orders", "run_0", ttl=timedelta(hours=1))
    assert (await sync.run()).output == {
        "status": "skipped",
        "reason": "orders is being synced by run run_0",
        "held_by": "run_0",
    }
    assert (await sync.summary())["status"] == "skipped"
    assert await sync.watermark() is None
    lease = await sync.ports.watermarks.acquire("orders", "run_0", ttl=timedelta(hours=1))
    assert lease.held_by == "run_0"


async def test_a_run_that_died_gives_its_object_free_after_its_lease(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    await sync.ports.watermarks.acquire("orders", "run_0", ttl=timedelta(hours=1))
    sync.clock.advance(timedelta(hours=1))
    assert (await sync.run()).state == "complete"


async def test_a_run_that_lost_its_lease_stops_before_it_writes(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()

    def interrupt(point: str, _workflow: str, step: str) -> None:
        if (point, step) == ("after", "download-agreements"):
            sync.ports.journal.execute("UPDATE lease SET held_by = 'run_9'")

    assert (await sync.run(interrupt=interrupt)).state == "errored"
    summary = await sync.summary()
    assert "run run_9 took over" in summary["reason"]
    assert await sync.count("order_header") == 0
    assert await sync.watermark() is None
    lease = await sync.ports.watermarks.acquire("orders", "run_0", ttl=timedelta(hours=1))
    assert lease.held_by == "run_9"


async def test_a_refused_token_fails_the_run_and_names_no_secret(
    bulk_sync: BulkSyncFactory,
) -> None:
    sync = bulk_sync()
    sync.shop.faults.inject(Fault.HTTP_401, ALWAYS)
    assert (await sync.run()).state == "errored"
    summary = await sync.summary()
    assert summary["error"]["type"] == "AccessTokenRefused"
    assert summary["error"]["step"] == "initiate"
    assert sync.shop.token not in str(summary)
    assert await sync.watermark() is None
