"""The page of ports: everything the domain may ask of the outside, and nothing more.

Each port has one adapter per runtime, in `adapters/cloudflare` and `adapters/embedded` under the
same file name, and one contract suite in `tests/contract` that both must pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString, Protocol

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
JsonObject = dict[str, Any]
Row = Mapping[str, Any]


# --- PostgreSQL ----------------------------------------------------------------------------------
class Database(Protocol):
    """One connection, held for one request or step. SQL is a literal; values are parameters."""

    async def fetch_all(self, sql: LiteralString, /, *args: object) -> Sequence[Row]:
        """Return every row, at most `limits.ROWS_PER_STATEMENT`."""
        ...

    async def fetch_one(self, sql: LiteralString, /, *args: object) -> Row | None:
        """Return the first row, or None."""
        ...

    async def fetch_value(self, sql: LiteralString, /, *args: object) -> Any:
        """Return the first column of the first row, or None."""
        ...

    async def execute(self, sql: LiteralString, /, *args: object) -> int:
        """Run a statement; return how many rows it touched."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Commit what is done inside, or roll it back if the block raises."""
        ...


class Databases(Protocol):
    """Opens connections. Errors of the driver arrive as `RowTaken` (unique) or `Unavailable`."""

    def open(self) -> AbstractAsyncContextManager[Database]:
        """Hold one connection for the block; it is closed or given back at its end."""
        ...


# --- Objects -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What the store knows of an object without reading it."""

    key: str
    size: int
    etag: str
    content_type: str
    uploaded_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One page of a listing; `cursor` is None on the last."""

    objects: tuple[ObjectInfo, ...]
    cursor: str | None


class ObjectStore(Protocol):
    """A bucket: keys to bytes."""

    async def head(self, key: str, /) -> ObjectInfo | None:
        """Return what is known of the object, or None."""
        ...

    async def get(self, key: str, /) -> bytes | None:
        """Return a small object whole, or None. Large ones are read with `read_range`."""
        ...

    async def read_range(self, key: str, /, *, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; empty at or past the end.

        Raises:
            NotFound: There is no such object.
        """
        ...

    def stream(self, key: str, /) -> AsyncIterator[bytes]:
        """Yield the object in chunks. Raises NotFound."""
        ...

    async def put(
        self,
        key: str,
        body: bytes,
        /,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> ObjectInfo:
        """Write an object whole.

        Raises:
            PreconditionFailed: `if_absent` was set and the key exists.
        """
        ...

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterator[bytes],
        /,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write an object of any size in parts; nothing is visible unless all of it arrived."""
        ...

    async def delete(self, key: str, /) -> None:
        """Remove the object; removing what is absent is no error."""
        ...

    async def list(
        self, *, prefix: str = "", cursor: str | None = None, limit: int = 1000
    ) -> ObjectPage:
        """Return one page of keys in lexicographic order."""
        ...


# --- Queue, streams, counters, cache -------------------------------------------------------------
class Queue(Protocol):
    """At-least-once delivery of small JSON messages."""

    async def send(self, message: JsonObject, /, *, delay: timedelta = timedelta(0)) -> None:
        """Accept one message (at most `limits.QUEUE_MESSAGE_BYTES`), or raise Unavailable."""
        ...

    async def send_batch(self, messages: Sequence[JsonObject], /) -> None:
        """Accept all the messages, in requests of the size the queue takes."""
        ...


class EventStream(Protocol):
    """An append-only, at-least-once stream that lands in one Iceberg table."""

    async def send(self, events: Sequence[JsonObject], /) -> None:
        """Return once every event is durably accepted.

        Raises:
            InvalidInput: An event does not fit the table's schema; none was accepted.
            Unavailable: Try again; some may have been accepted (readers dedupe on `event_id`).
        """
        ...


@dataclass(frozen=True, slots=True)
class CounterPoint:
    """One data point: an index, up to 20 blobs and up to 20 doubles."""

    index: str
    blobs: tuple[str, ...]
    doubles: tuple[float, ...]


class Counters(Protocol):
    """Real-time counters that may be sampled and are kept for three months."""

    def write(self, points: Sequence[CounterPoint], /) -> None:
        """Record the points; never fails the caller."""
        ...

    async def totals(self, index: str, /, *, since: datetime) -> Mapping[str, Sequence[float]]:
        """Return the summed doubles of an index by its first blob."""
        ...


class Cache(Protocol):
    """A cache that may forget anything at any time; the system works without it."""

    async def get(self, key: str, /) -> Json:
        """Return the value, or None."""
        ...

    async def put(self, key: str, value: Json, /, *, ttl: timedelta) -> None:
        """Keep the value for about `ttl` (at least a minute)."""
        ...

    async def delete(self, key: str, /) -> None:
        """Forget the value."""
        ...

    async def keep(self, key: str, value: Json, /) -> None:
        """Keep the value until it is replaced; None forgets it.

        Raises:
            Unavailable: It is not kept.
        """
        ...


# --- Watermarks and runs -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Lease:
    """Who may sync an object now. `held_by` is the asker's run id if it was granted."""

    held_by: str
    expires_at: datetime


class Watermarks(Protocol):
    """The singleton that keeps sync positions, leases and the last run summaries."""

    async def read(self, key: str, /) -> datetime | None:
        """Return the watermark, e.g. of `orders_last_watermark`, or None before the first run."""
        ...

    async def advance(self, key: str, to: datetime, /) -> datetime:
        """Move the watermark forward and return it; an earlier instant changes nothing."""
        ...

    async def acquire(self, name: str, run_id: str, /, *, ttl: timedelta) -> Lease:
        """Lease `name` for a run, or return the lease that another holds. Renews its own."""
        ...

    async def release(self, name: str, run_id: str, /) -> None:
        """Give the lease up if this run holds it."""
        ...

    async def record_run(self, summary: JsonObject, /) -> None:
        """Insert or merge a run summary by `summary["run_id"]`; keeps the last 500."""
        ...

    async def run(self, run_id: str, /) -> JsonObject | None:
        """Return one summary, or None."""
        ...

    async def runs(self, *, limit: int, before: str | None = None) -> Sequence[JsonObject]:
        """Return summaries, newest `started_at` first, older than the run `before`."""
        ...


# --- Workflows -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and how far apart, a step is tried again."""

    limit: int = 5
    delay: timedelta = timedelta(seconds=1)
    backoff: Literal["constant", "linear", "exponential"] = "exponential"
    timeout: timedelta = timedelta(minutes=10)


DEFAULT_RETRY = Retry()


class Step(Protocol):
    """One run's journal: a step's result is recorded once and replayed after."""

    async def do(
        self,
        name: str,
        action: Callable[[], Awaitable[Json]],
        /,
        *,
        retry: Retry = DEFAULT_RETRY,
    ) -> Any:
        """Run the action, or return what it returned before. Results are JSON under 1 MiB."""
        ...

    async def sleep(self, name: str, duration: timedelta, /) -> None:
        """Wait, across restarts."""
        ...

    async def wait_for_event(self, name: str, event_type: str, /, *, timeout: timedelta) -> Json:
        """Return the payload of the next event of this type, or None once `timeout` is over."""
        ...


@dataclass(frozen=True, slots=True)
class WorkflowStatus:
    """What the engine says of one instance."""

    instance_id: str
    state: Literal["queued", "running", "waiting", "paused", "complete", "errored", "terminated"]
    output: Json = None
    error: str | None = None


class Workflows(Protocol):
    """Starts and observes durable Workflows by name, e.g. `shopify-bulk-sync`."""

    async def start(self, name: str, instance_id: str, payload: JsonObject, /) -> bool:
        """Start an instance; False if one with this id exists (that is success too)."""
        ...

    async def status(self, name: str, instance_id: str, /) -> WorkflowStatus | None:
        """Return the state of an instance, or None."""
        ...

    async def terminate(self, name: str, instance_id: str, /) -> None:
        """Stop an instance. Raises NotFound."""
        ...

    async def restart(self, name: str, instance_id: str, /) -> None:
        """Run an instance again from its first step. Raises NotFound."""
        ...

    async def send_event(
        self, name: str, instance_id: str, event_type: str, payload: Json, /
    ) -> None:
        """Hand an event to a waiting instance. Raises NotFound."""
        ...


# --- Measurement ---------------------------------------------------------------------------------
class Measurement(Protocol):
    """The analytics engine: DuckDB over Iceberg, in process or behind HTTP.

    Both methods speak the JSON documents of `shared/performance/schemas.py`.
    """

    async def refresh(self, stage: str, request: JsonObject, /) -> JsonObject:
        """Run one stage of a refresh; running it again with the same run id changes nothing."""
        ...

    async def query(self, name: str, request: JsonObject, /) -> JsonObject:
        """Answer a named read over the measurement tables; carries `as_of` and `snapshot_id`."""
        ...


# --- Identity ------------------------------------------------------------------------------------
class SignatureVerifier(Protocol):
    """RS256 over WebCrypto or a native library."""

    async def verify(self, jwk: Mapping[str, str], signed: bytes, signature: bytes, /) -> bool:
        """Return whether `signature` is the key's RSASSA-PKCS1-v1_5 SHA-256 over `signed`."""
        ...
