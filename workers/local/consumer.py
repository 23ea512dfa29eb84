"""The queue consumer on a laptop: takes batches from the journal as Cloudflare would hand them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from ingest.bindings import IngestBindings
from ingest.queue import Outcome, consume, store_dead_letter

from shared.adapters.embedded.queue import Delivery, JournalQueue
from shared.adapters.redelivery import delay_after

IDLE: Final = 0.2
"""Seconds between looks at an empty queue."""
_LOG: Final = logging.getLogger(__name__)


class Consumer:
    """Consumes the job queue, and its dead letters into the object store."""

    def __init__(self, jobs: JournalQueue, dead: JournalQueue, bindings: IngestBindings) -> None:
        self.jobs = jobs
        self.dead = dead
        self.bindings = bindings

    async def run(self) -> None:
        """Consume until cancelled."""
        while True:
            if not await self.take():
                await asyncio.sleep(IDLE)

    async def take(self) -> int:
        """Deal with one batch of each queue; return how many messages that were."""
        jobs, letters = self.jobs.receive(), self.dead.receive()
        if jobs:
            await self._settle(self.jobs, jobs, lambda: consume(jobs, self.bindings))
        for letter in letters:
            await self._settle(self.dead, [letter], partial(self._letter, letter))
        return len(jobs) + len(letters)

    async def _settle(
        self,
        queue: JournalQueue,
        deliveries: Sequence[Delivery],
        deal: Callable[[], Awaitable[Sequence[Outcome]]],
    ) -> None:
        try:
            outcomes = await deal()
        except Exception as error:  # noqa: BLE001 - the queue delivers them again
            _LOG.exception("messages not handled", extra={"queue": queue.name})
            outcomes = [_again(delivery, error) for delivery in deliveries]
        told = list(zip(deliveries, outcomes, strict=True))
        queue.ack(*(delivery for delivery, outcome in told if outcome.action == "ack"))
        for delivery, outcome in told:
            if outcome.action == "retry":
                queue.retry(delivery, delay=outcome.delay)

    async def _letter(self, delivery: Delivery) -> Sequence[Outcome]:
        at = datetime.fromtimestamp(delivery.sent_at, UTC)
        await store_dead_letter(
            delivery.body, message_id=f"local-{delivery.id}", at=at, bindings=self.bindings
        )
        return [Outcome("ack")]


def _again(delivery: Delivery, error: Exception) -> Outcome:
    return Outcome("retry", delay_after(delivery.attempts), str(error))
