"""The suite of `Queue` over the embedded adapter, and what only its consumer side can show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.embedded.journal import Journal
from shared.adapters.embedded.queue import JournalQueue
from shared.clock import FixedClock
from shared.ports import JsonObject
from tests.contract.suites import queue as suite
from tests.contract.suites.queue import QueueSubject

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


@pytest.mark.parametrize("case", suite.CASES, ids=lambda case: case.__name__)
async def test_embedded(case: Callable[[QueueSubject], Awaitable[None]], journal: Journal) -> None:
    queue = JournalQueue(journal, "jobs", clock=FixedClock(NOON))

    async def take() -> list[JsonObject]:
        batch = queue.receive()
        for delivery in batch:
            queue.ack(delivery)
        return [delivery.body for delivery in batch if isinstance(delivery.body, dict)]

    await case(QueueSubject(queue, take))


class TestDelivery:
    """At least once, at most ten at a time, at most four attempts."""

    async def test_an_unacknowledged_message_comes_back(self, journal: Journal) -> None:
        clock = FixedClock(NOON)
        queue = JournalQueue(journal, "jobs", clock=clock)
        await queue.send({"n": 1})
        assert [d.attempts for d in queue.receive(visibility=timedelta(minutes=1))] == [1]
        assert queue.receive() == []
        clock.advance(timedelta(minutes=1))
        assert [d.attempts for d in queue.receive()] == [2]

    async def test_what_a_dead_consumer_held_comes_again_at_once(self, journal: Journal) -> None:
        queue = JournalQueue(journal, "jobs", clock=FixedClock(NOON))
        other = JournalQueue(journal, "other", clock=FixedClock(NOON))
        for one in (queue, other):
            await one.send({"n": 1})
            one.receive()
        await queue.send({"n": 2}, delay=timedelta(seconds=30))
        queue.release()
        assert [(d.body, d.attempts) for d in queue.receive()] == [({"n": 1}, 2)]
        assert other.receive() == []

    async def test_a_batch_has_at_most_ten_in_order(self, journal: Journal) -> None:
        queue = JournalQueue(journal, "jobs", clock=FixedClock(NOON))
        await queue.send_batch([{"n": n} for n in range(12)])
        assert [d.body for d in queue.receive()] == [{"n": n} for n in range(10)]
        assert [d.body for d in queue.receive()] == [{"n": 10}, {"n": 11}]

    async def test_a_retry_waits_its_delay(self, journal: Journal) -> None:
        clock = FixedClock(NOON)
        queue = JournalQueue(journal, "jobs", clock=clock)
        await queue.send({"n": 1})
        queue.retry(queue.receive()[0], delay=timedelta(seconds=30))
        assert queue.receive() == []
        clock.advance(timedelta(seconds=30))
        assert [d.attempts for d in queue.receive()] == [2]

    async def test_the_fourth_failure_goes_to_the_dead_letters(self, journal: Journal) -> None:
        clock = FixedClock(NOON)
        queue = JournalQueue(journal, "jobs", clock=clock, dead_letters="jobs-dlq")
        dead = JournalQueue(journal, "jobs-dlq", clock=clock)
        await queue.send({"n": 1})
        for _ in range(3):
            queue.retry(queue.receive()[0])
            assert dead.depth() == 0
        queue.retry(queue.receive()[0])
        assert queue.depth() == 0
        assert [(d.body, d.attempts) for d in dead.receive()] == [({"n": 1}, 1)]

    async def test_a_consumer_that_dies_four_times_is_given_up(self, journal: Journal) -> None:
        clock = FixedClock(NOON)
        queue = JournalQueue(journal, "jobs", clock=clock, dead_letters="jobs-dlq")
        await queue.send({"n": 1})
        for _ in range(4):
            assert len(queue.receive(visibility=timedelta(minutes=1))) == 1
            clock.advance(timedelta(minutes=1))
        assert queue.receive() == []
        assert JournalQueue(journal, "jobs-dlq", clock=clock).depth() == 1

    async def test_a_late_retry_does_not_take_the_message_from_its_new_consumer(
        self, journal: Journal
    ) -> None:
        clock = FixedClock(NOON)
        queue = JournalQueue(journal, "jobs", clock=clock)
        await queue.send({"n": 1})
        late = queue.receive(visibility=timedelta(minutes=1))[0]
        clock.advance(timedelta(minutes=1))
        queue.receive()
        queue.retry(late)
        assert queue.receive() == []

    async def test_messages_survive_a_reopened_journal(self, tmp_path: Path) -> None:
        first = Journal(tmp_path / "journal.sqlite")
        await JournalQueue(first, "jobs", clock=FixedClock(NOON)).send({"n": 1})
        first.close()
        second = Journal(tmp_path / "journal.sqlite")
        assert JournalQueue(second, "jobs", clock=FixedClock(NOON)).depth() == 1
        second.close()
