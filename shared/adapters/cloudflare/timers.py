"""Timers that end when they are cancelled.

Pyodide's event loop forgets a cancelled timer but leaves it to the runtime until its time has come.
Whoever waits for many things with a timeout each (pieces of a body, statements) then holds a timer
for each; workerd allows 10,000, and refuses whatever comes after.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable
from typing import Any, Final

from js import clearTimeout, setTimeout
from pyodide.ffi import create_once_callable
from pyodide.webloop import WebLoop

_AT_ONCE: Final = 0.002
"""Seconds: what the loop runs without a timer."""
_MOST_MS: Final = 2**31 - 1
_call_later: Final = WebLoop.call_later


class Timer(asyncio.Handle):
    """A callback whose time has not come yet."""

    __slots__ = ("_end",)
    _end: Callable[[], None] | None

    def start(self, loop: Any, seconds: float) -> None:
        """Have the loop call back after some time."""

        def due() -> None:
            self._end = None
            _call_later(loop, 0, self._call_back)

        proxy = create_once_callable(due)
        number = setTimeout(proxy, min(seconds * 1000, _MOST_MS))

        def end() -> None:
            clearTimeout(number)
            proxy.destroy()

        self._end = end

    def cancel(self) -> None:
        """Never call back."""
        end, self._end = self._end, None
        if end is not None:
            end()
        super().cancel()

    def _call_back(self) -> None:
        if not self.cancelled():
            self._run()


def install() -> None:
    """Make every timer of the event loop one of these; doing it again changes nothing."""
    WebLoop.call_later = _later


def _later(
    loop: Any,
    delay: float,
    callback: Callable[..., Any],
    *args: Any,
    context: contextvars.Context | None = None,
) -> asyncio.Handle:
    if delay <= _AT_ONCE or delay == math.inf:
        handle: asyncio.Handle = _call_later(loop, delay, callback, *args, context=context)
        return handle
    timer = Timer(callback, args, loop, context=context)
    timer.start(loop, delay)
    return timer
