"""The local consumer: jobs start, bad ones end as objects, and nothing is lost in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from local.consumer import Consumer

from shared.adapters.embedded.queue import JournalQueue
from shared.adapters.redelivery import LETTER_RETRIES
from shared.clock import FixedClock
from shared.errors import Unavailable
from tests.fixtures.ingest import IngestPorts

SYNC = {"job_type": "SHOPIFY_BULK_SYNC_START", "run_id": "run_1", "object": "orders"}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 20, 6, 0, tzinfo=UTC))


@pytest.fixture
async def ports(tmp_path: Path, clock: FixedClock) -> AsyncIterator[IngestPorts]:
    ports = IngestPorts(tmp_path, clock=clock)
    yield ports
    ports.close()


def consumer(ports: IngestPorts, clock: FixedClock) -> Consumer:
    jobs = JournalQueue(ports.journal, "jobs", clock=clock, dead_letters="dlq")
    return Consumer(jobs, ports.dead_letters, ports.bindings())


async def test_a_job_is_started_and_its_message_gone(ports: IngestPorts, clock: FixedClock) -> None:
    await ports.queue.send(SYNC)
    running = consumer(ports, clock)
    assert await running.take() == 1
    assert [started.instance_id for started in ports.workflows.started] == ["run_1"]
    assert await running.take() == 0
    assert ports.queue.depth() == 0


async def test_a_bad_message_ends_as_an_object_with_its_reason(
    ports: IngestPorts, clock: FixedClock
) -> None:
    await ports.queue.send({"job_type": "NONSENSE"})
    running = consumer(ports, clock)
    while await running.take():
        pass
    [info] = (await ports.objects.list(prefix="dead-letters/2026-11-20/")).objects
    letter = json.loads(await ports.objects.get(info.key) or b"")
    assert letter["message"] == {"job_type": "NONSENSE"}
    assert "NONSENSE" in letter["reason"]
    assert ports.dead_letters.depth() == 0


async def test_a_job_whose_engine_is_away_waits_and_starts_later(
    ports: IngestPorts, clock: FixedClock
) -> None:
    ports.workflows.error, ports.workflows.errors_left = Unavailable("away"), 2
    await ports.queue.send(SYNC)
    running = consumer(ports, clock)
    for _ in range(3):
        await running.take()
        assert await running.take() == 0
        clock.advance(timedelta(minutes=5))
    assert len(ports.workflows.started) == 1
    assert ports.queue.depth() == ports.dead_letters.depth() == 0


async def test_a_letter_outlives_an_outage_of_the_bucket(
    ports: IngestPorts, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = JournalQueue(ports.journal, "jobs", clock=clock, dead_letters="dlq")
    letters = JournalQueue(ports.journal, "dlq", clock=clock, retries=LETTER_RETRIES)
    running = Consumer(jobs, letters, ports.bindings())
    put = ports.objects.put

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the bucket")

    monkeypatch.setattr(ports.objects, "put", away)
    await letters.send({"reason": "none", "message": {"job_type": "NONSENSE"}})
    looks = 0
    for _ in range(6 * 60):  # six hours, a look each minute
        looks += await running.take()
        clock.advance(timedelta(minutes=1))
    assert 20 < looks < 60  # later and later, not with every look
    monkeypatch.setattr(ports.objects, "put", put)
    clock.advance(timedelta(minutes=15))
    assert await running.take() == 1
    [_] = (await ports.objects.list(prefix="dead-letters/")).objects
    assert letters.depth() == 0
