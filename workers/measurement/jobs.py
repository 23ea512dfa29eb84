"""Jobs of the measurement process: one per run and stage, joined by whoever asks again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from shared.ports import JsonObject

PATIENCE: Final = timedelta(seconds=20)
"""How long an answer is waited for before the asker is told to ask again."""
_LOG: Final = logging.getLogger(__name__)


class Jobs:
    """What runs now. A result is kept until it was fetched; a failure is told once."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._tasks: dict[tuple[str, str], asyncio.Task[JsonObject]] = {}

    async def result(
        self, run_id: str, stage: str, work: Callable[[], Awaitable[JsonObject]]
    ) -> JsonObject | None:
        """Return what the job came to, or None if it still runs.

        Args:
            run_id: The run; with the stage it names the job.
            stage: The stage.
            work: Starts the job if none of this name runs.
        """
        key = (run_id, stage)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(_awaited(work), name="/".join(key))
        task = self._tasks[key]
        await asyncio.wait([task], timeout=self._patience.total_seconds())
        if not task.done():
            return None
        self._tasks.pop(key, None)
        return task.result()

    async def finish(self) -> None:
        """Wait for what runs; what fails now is told to nobody but the log."""
        for result in await asyncio.gather(*self._tasks.values(), return_exceptions=True):
            if isinstance(result, BaseException):
                _LOG.warning("job failed while stopping", extra={"error": str(result)})


async def _awaited(work: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
    return await work()
