"""Ends a command on a signal, and with it everything that the command has started, in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

Result = TypeVar("Result")
INTERRUPTED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(SystemExit):
    """The command was stopped by a signal, as it may be."""


def until_stopped(command: Coroutine[Any, Any, Result], *, code: int = INTERRUPTED) -> Result:
    """Run the command and return its result.

    Args:
        command: What to run.
        code: The exit code after a signal: 0 where being stopped is how the command ends.

    Raises:
        Stopped: A signal ended it; what it had started is stopped.
    """
    return asyncio.run(_stoppable(command, code))


async def _stoppable(command: Coroutine[Any, Any, Result], code: int) -> Result:
    task = asyncio.ensure_future(command)
    with _cancelled_by_signals(task):
        try:
            return await task
        except asyncio.CancelledError:
            raise Stopped(code) from None


@contextmanager
def _cancelled_by_signals(task: asyncio.Future[Result]) -> Iterator[None]:
    """Cancel the task at the first signal; later ones change nothing, it is stopping already."""
    loop = asyncio.get_running_loop()
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
