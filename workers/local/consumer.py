"""The queue consumer on a laptop: takes batches from the journal as Cloudflare would hand them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from ingest.bindings import IngestBindings
from ingest.queue import Outcome, consume, store_dead_letter

from shared.adapters.embedded.queue import Delivery, JournalQueue

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
        for delivery in jobs:
            await self._settle(self.jobs, delivery, self._job)
        for delivery in letters:
            await self._settle(self.dead, delivery, self._letter)
        return len(jobs) + len(letters)

    async def _settle(
        self,
        queue: JournalQueue,
        delivery: Delivery,
        deal: Callable[[Delivery], Awaitable[Outcome]],
    ) -> None:
        try:
            outcome = await deal(delivery)
        except Exception as error:  # noqa: BLE001 - the queue delivers it again
            _LOG.exception("message not handled", extra={"queue": queue.name})
            outcome = Outcome("retry", reason=str(error))
        if outcome.action == "ack":
            queue.ack(delivery)
        else:
            queue.retry(delivery, delay=outcome.delay)

    async def _job(self, delivery: Delivery) -> Outcome:
        return await consume(delivery.body, delivery.attempts, self.bindings)

    async def _letter(self, delivery: Delivery) -> Outcome:
        at = datetime.fromtimestamp(delivery.sent_at, UTC)
        await store_dead_letter(
            delivery.body, message_id=f"local-{delivery.id}", at=at, bindings=self.bindings
        )
        return Outcome("ack")
