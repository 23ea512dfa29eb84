"""Every message starts its Workflow, is tried again, or is buried with its reason."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ingest.queue import DONE, Outcome, store_dead_letter

from shared.errors import Unavailable
from shared.ports import JsonObject
from tests.fixtures.ingest import IngestPorts, Started, consume_one

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SYNC = {"job_type": "SHOPIFY_BULK_SYNC_START", "run_id": "run_1", "object": "orders"}
REFRESH = {"job_type": "MEASUREMENT_DATASET_REFRESH", "run_id": "run_2", "full": True}


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[IngestPorts]:
    ports = IngestPorts(tmp_path)
    yield ports
    ports.close()


async def buried(ports: IngestPorts) -> list[JsonObject]:
    return [d.body for d in ports.dead_letters.receive() if isinstance(d.body, dict)]


async def test_a_job_starts_its_workflow_under_its_run_id(ports: IngestPorts) -> None:
    assert await consume_one(SYNC, 1, ports.bindings()) == DONE
    assert await consume_one(REFRESH, 1, ports.bindings()) == DONE
    assert ports.workflows.started == [
        Started(
            "shopify-bulk-sync",
            "run_1",
            {"run_id": "run_1", "requested_by": "system", "object": "orders"},
        ),
        Started(
            "measurement-refresh",
            "run_2",
            {"run_id": "run_2", "requested_by": "system", "full": True, "as_of": None},
        ),
    ]


async def test_a_second_delivery_starts_nothing_and_is_done(ports: IngestPorts) -> None:
    await consume_one(SYNC, 1, ports.bindings())
    assert await consume_one(SYNC, 2, ports.bindings()) == DONE
    assert len(ports.workflows.started) == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "/ Unable to extract tag"),
        ({"job_type": "NO_SUCH_JOB"}, "/ Input tag 'NO_SUCH_JOB'"),
        ({**SYNC, "object": "customers"}, "object"),
        ({**SYNC, "run_id": "a b"}, "run_id"),
        ({**SYNC, "surprise": 1}, "surprise"),
        ("text", "InvalidInput"),
        (None, "InvalidInput"),
        ([SYNC], "InvalidInput"),
    ],
)
async def test_a_bad_message_is_buried_with_its_reason_and_acknowledged(
    ports: IngestPorts, message: object, reason: str
) -> None:
    outcome = await consume_one(message, 1, ports.bindings())
    assert outcome.action == "ack"
    [letter] = await buried(ports)
    assert letter["message"] == message
    assert reason in letter["reason"]
    assert ports.workflows.started == []


async def test_a_passing_failure_is_tried_again_later_each_time(ports: IngestPorts) -> None:
    ports.workflows.error = Unavailable("engine restarts")
    delays = [(await consume_one(SYNC, attempt, ports.bindings())).delay for attempt in (1, 2, 3)]
    assert [delay.total_seconds() for delay in delays] == [30, 60, 90]
    assert await buried(ports) == []


async def test_the_fourth_failure_buries_the_message(ports: IngestPorts) -> None:
    ports.workflows.error = Unavailable("engine restarts")
    assert (await consume_one(SYNC, 4, ports.bindings())).action == "ack"
    [letter] = await buried(ports)
    assert letter == {"reason": "Unavailable: engine restarts", "message": SYNC}


async def test_a_bug_is_tried_again_too(ports: IngestPorts) -> None:
    ports.workflows.error = KeyError("bug")
    assert (await consume_one(SYNC, 1, ports.bindings())).action == "retry"


async def test_a_message_that_cannot_be_buried_is_kept(ports: IngestPorts) -> None:
    bindings = ports.bindings(dead_letters=ports.broken_queue)
    outcome = await consume_one({"bad": 1}, 9, bindings)
    assert outcome == Outcome("retry", outcome.delay, "Unavailable: no queue")


async def test_a_bad_message_of_the_largest_size_is_buried_by_its_key(ports: IngestPorts) -> None:
    message = {"job_type": "NO_SUCH_JOB", "text": "x" * 127_900}
    assert (await consume_one(message, 1, ports.bindings())).action == "ack"
    [letter] = await buried(ports)
    assert json.loads(await ports.objects.get(letter["key"]) or b"") == message


async def test_dead_letters_are_kept_by_day_and_id(ports: IngestPorts) -> None:
    for letter in ({"reason": "why", "message": {"a": 1}}, {"a": 1}):
        for _ in range(2):  # delivered twice
            key = await store_dead_letter(
                letter, message_id=f"m-{len(letter)}", at=NOW, bindings=ports.bindings()
            )
            assert key == f"dead-letters/2026-11-20/m-{len(letter)}.json"
    page = await ports.objects.list(prefix="dead-letters/")
    bodies = [json.loads(await ports.objects.get(info.key) or b"") for info in page.objects]
    assert bodies == [
        {
            "reason": "not handled within its retries",
            "message": {"a": 1},
            "id": "m-1",
            "sent_at": "2026-11-20T06:00:00Z",
        },
        {"reason": "why", "message": {"a": 1}, "id": "m-2", "sent_at": "2026-11-20T06:00:00Z"},
    ]
