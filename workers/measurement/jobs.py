"""Jobs of the measurement process: one per run and stage, joined by whoever asks again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from shared.ports import JsonObject

PATIENCE: Final = timedelta(seconds=20)
"""How long an answer is waited for before the asker is told to ask again."""
RESULTS_KEPT: Final = 64
_LOG: Final = logging.getLogger(__name__)


class Jobs:
    """What runs now and what the last ones came to; a failure is told once, then forgotten.

    Results are kept because several may ask for one job, each in its own time.
    """

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._tasks: dict[str, asyncio.Task[JsonObject]] = {}
        self._results: OrderedDict[str, JsonObject] = OrderedDict()

    async def result(
        self, stage: str, request: JsonObject, work: Callable[[], Awaitable[JsonObject]]
    ) -> JsonObject | None:
        """Return what the job came to, or None if it still runs.

        Args:
            stage: The stage; with the request it names the job.
            request: The request; another one for the same run is another job.
            work: Starts the job if it neither runs nor has run.
        """
        key = json.dumps([stage, request], sort_keys=True)
        if (known := self._results.get(key)) is not None:
            return known
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(_awaited(work), name=stage)
        task = self._tasks[key]
        await asyncio.wait([task], timeout=self._patience.total_seconds())
        if not task.done():
            return None
        if self._tasks.get(key) is task:
            del self._tasks[key]
        self._results[key] = task.result()
        while len(self._results) > RESULTS_KEPT:
            self._results.popitem(last=False)
        return task.result()

    async def finish(self) -> None:
        """Wait for what runs; what fails now is told to nobody but the log."""
        for result in await asyncio.gather(*self._tasks.values(), return_exceptions=True):
            if isinstance(result, BaseException):
                _LOG.warning("job failed while stopping", extra={"error": str(result)})


async def _awaited(work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
    return await work()
