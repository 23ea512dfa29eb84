"""What each state of a bulk operation means for the run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.integrations.shopify.models import BulkOperation
from shared.sync.exports import POLLS_MAX, judge, wait_before_poll


def operation(status: str, **fields: object) -> BulkOperation:
    return BulkOperation.of({"id": "gid://shopify/BulkOperation/1", "status": status, **fields})


@pytest.mark.parametrize(
    ("polled", "state", "reason"),
    [
        (operation("CREATED", objectCount="0"), "wait", ""),
        (operation("RUNNING", objectCount="5033"), "wait", ""),
        (operation("CANCELING"), "wait", ""),
        (operation("COMPLETED", objectCount="2", url="https://x"), "ready", ""),
        (operation("COMPLETED", objectCount="0", url=None), "ready", ""),
        (operation("COMPLETED", objectCount="2", url=None), "again", "2 rows but without"),
        (operation("CANCELED", objectCount="1459"), "again", "is CANCELED"),
        (operation("EXPIRED"), "again", "is EXPIRED"),
        (operation("FAILED", errorCode="TIMEOUT"), "again", "is FAILED (TIMEOUT)"),
        (operation("FAILED", errorCode="ACCESS_DENIED"), "hopeless", "(ACCESS_DENIED)"),
        (operation("PAUSED"), "wait", "unknown status PAUSED"),
    ],
)
def test_failure_mode_12_a_failed_operation_is_not_taken_for_a_running_one(
    polled: BulkOperation, state: str, reason: str
) -> None:
    verdict = judge(polled)
    assert verdict.state == state
    assert reason in verdict.reason
    assert bool(reason) == bool(verdict.reason)


def test_waits_grow_to_five_minutes_and_cover_ten_days() -> None:
    waits = [wait_before_poll(number) for number in range(1, POLLS_MAX + 1)]
    assert waits[0] == timedelta(seconds=1)
    assert waits == sorted(waits)
    assert max(waits) == timedelta(minutes=5)
    assert sum(waits, timedelta()) > timedelta(days=10)
