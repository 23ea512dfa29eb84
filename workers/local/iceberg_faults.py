"""Makes the local catalog fail and refuse the way the real one does, when a test asks for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer given instead of the real one.

    Attributes:
        operation: Name of the route, e.g. `update_table`.
        status: HTTP status of the answer.
        error_type: `type` of the Iceberg error document.
        retry_after: Seconds of a Retry-After header.
        after: The request is carried out first, and only then answered so.
    """

    operation: str
    status: int
    error_type: str = "InjectedFault"
    retry_after: int | None = None
    after: bool = False


CONCURRENT_UPDATE = Fault("update_table", 400, "ConcurrentUpdateError")
RATE_LIMITED = Fault("update_table", 429, "TooManyRequests", retry_after=1)
UNAVAILABLE = Fault("update_table", 503, "ServiceUnavailable")
LOST_ANSWER = Fault("update_table", 500, "InternalServerError", after=True)


@dataclass(slots=True)
class Faults:
    """The faults that wait to happen, in order, and how many happened."""

    happened: list[Fault] = field(default_factory=list)
    _waiting: deque[Fault] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` requests of the fault's operation end with it."""
        with self._lock:
            self._waiting.extend([fault] * times)

    def clear(self) -> None:
        """Forget the faults that have not happened."""
        with self._lock:
            self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """Return the fault that this request shall end with, and forget it."""
        with self._lock:
            for fault in self._waiting:
                if fault.operation == operation:
                    self._waiting.remove(fault)
                    self.happened.append(fault)
                    return fault
        return None


@dataclass(slots=True)
class Limits:
    """How many writes a minute the catalog takes; None is no limit."""

    updates_per_table: int | None = None
    writes: int | None = None
    now: Callable[[], float] = time.monotonic
    _seen: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refuses(self, table: str | None) -> bool:
        """Count one write, of a table's metadata if it is named; True if it is one too many."""
        with self._lock:
            over = self._over("", self.writes)
            if table is not None:
                over = self._over(table, self.updates_per_table) or over
            return over

    def _over(self, key: str, limit: int | None) -> bool:
        if limit is None:
            return False
        times = self._seen.setdefault(key, deque())
        now = self.now()
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= limit:
            return True
        times.append(now)
        return False
