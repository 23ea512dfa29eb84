"""Deals with queued deliveries: writes what they are about, once, and streams what follows.

A batch is dealt with together: all deliveries about one order need one write of it and at most one
read, and what all of them wrote is streamed at once. What fails, fails for its own deliveries only.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from shared.errors import DomainError
from shared.jobs import ShopifyWebhook
from shared.ports import JsonObject
from shared.webhooks.app_notices import note_app, note_operation
from shared.webhooks.compliance import start_compliance
from shared.webhooks.errors import TopicUnknown
from shared.webhooks.intake import body_of
from shared.webhooks.models import Outcome, Result, WebhookPorts
from shared.webhooks.order_groups import settle_order
from shared.webhooks.orders import (
    delete_order,
    note_gone,
    stream_orders,
    told_of_part,
    told_whole,
)
from shared.webhooks.products import delete_product, write_product
from shared.webhooks.repository import WebhookDeliveries
from shared.webhooks.told import Told
from shared.webhooks.topics import TOPICS, Kind

_LOG: Final = logging.getLogger(__name__)
_Act = Callable[[ShopifyWebhook, JsonObject, WebhookPorts], Awaitable[Outcome]]
_ACTS: Final[Mapping[Kind, _Act]] = {
    "order-deleted": delete_order,
    "product": write_product,
    "product-deleted": delete_product,
    "operation": note_operation,
    "app": note_app,
    "compliance": start_compliance,
}
_OF_ORDERS: Final = frozenset({"order", "order-part"})


async def handle_webhooks(
    jobs: Sequence[ShopifyWebhook], ports: WebhookPorts
) -> Mapping[str, Result]:
    """Deal with deliveries; second copies, or a second attempt, change nothing more.

    What an attempt wrote and did not come to stream is streamed by the next one: the mark of the
    outbox bears the delivery's name.

    Returns:
        The outcome of each delivery by its name. An error that is not retryable, such as
        `TopicUnknown` or `MalformedNode`, says that trying again cannot help.
    """
    batch = _Batch({job.run_id: job for job in jobs}, ports)
    try:
        await batch.deal()
    except Exception as error:  # noqa: BLE001 - each delivery is told, and the queue decides
        return {name: batch.results.get(name, error) for name in batch.jobs}
    return batch.results


class _Batch:
    """The deliveries of a batch, and what has become of them so far."""

    def __init__(self, jobs: Mapping[str, ShopifyWebhook], ports: WebhookPorts) -> None:
        self.jobs = jobs
        self.results: dict[str, Result] = {}
        self._ports = ports
        self._orders: defaultdict[str, list[Told]] = defaultdict(list)

    async def deal(self) -> None:
        """Write, then stream."""
        async with self._ports.databases.open() as db:
            known = await WebhookDeliveries(db).known(list(self.jobs))
        self.results |= dict.fromkeys(known, "duplicate")
        for job in self.jobs.values():
            if job.run_id not in known:
                await self._guarded([job], partial(self._begin, job))
        for gid, group in self._orders.items():
            await self._guarded([told.job for told in group], partial(self._settle, gid))
        await self._stream({name for name in self.jobs if self._is_to_stream(name)})
        for name, result in self.results.items():
            said = {"delivery": name, "topic": self.jobs[name].topic}
            if not isinstance(result, Exception):
                _LOG.info("webhook", extra={**said, "outcome": result})

    async def _begin(self, job: ShopifyWebhook) -> None:
        """Deal with a delivery, or put it to the others about its order."""
        if (topic := TOPICS.get(job.topic)) is None:
            raise TopicUnknown(job.topic)
        body = await body_of(job, self._ports.objects)
        if topic.kind not in _OF_ORDERS:
            self.results[job.run_id] = await _ACTS[topic.kind](job, body, self._ports)
            return
        if topic.kind == "order":
            found: tuple[str, Told] | None = told_whole(job, body)
        else:
            found = await told_of_part(job, body, self._ports)
        if found is None:
            self.results[job.run_id] = await note_gone(job, self._ports)
        else:
            self._orders[found[0]].append(found[1])

    async def _settle(self, gid: str) -> None:
        self.results |= await settle_order(gid, self._orders[gid], self._ports)

    async def _guarded(
        self, jobs: Sequence[ShopifyWebhook], action: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            await action()
        except Exception as error:  # noqa: BLE001 - the others go on
            self.results |= {job.run_id: error for job in jobs}

    def _is_to_stream(self, name: str) -> bool:
        topic = TOPICS.get(self.jobs[name].topic)
        failed = isinstance(self.results.get(name), Exception)
        return topic is not None and topic.kind in _OF_ORDERS and not failed

    async def _stream(self, names: AbstractSet[str]) -> None:
        """Stream what the deliveries wrote; where one spoils it for good, each for itself."""
        if not names:
            return
        try:
            await stream_orders(names, self._ports)
        except Exception as error:  # noqa: BLE001 - they are tried again
            is_final = isinstance(error, DomainError) and not error.retryable
            if not is_final or len(names) == 1:
                self.results |= dict.fromkeys(names, error)
                return
            for name in sorted(names):
                await self._stream({name})
