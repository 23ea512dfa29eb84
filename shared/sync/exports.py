"""One bulk operation of a run, from its start at Shopify to an archive that was reconciled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.errors import DomainError
from shared.integrations.shopify.client import ShopifyClient
from shared.integrations.shopify.errors import BulkResultExpired
from shared.integrations.shopify.models import BulkOperation
from shared.integrations.shopify.recovery import find_bulk
from shared.ports import JsonObject, ObjectStore
from shared.sync.archive import CONTENT_TYPE, ArchiveCount, ArchiveMismatch, store_archive

OPERATIONS_MAX: Final = 3
"""How often one export is submitted before the run gives up."""
_DOWNLOADS: Final = 2
_KNOWN: Final = frozenset({"CREATED", "RUNNING", "COMPLETED", "CANCELING", "CANCELED", "FAILED"})
_ENDED: Final = frozenset({"COMPLETED", "CANCELED", "FAILED", "EXPIRED"})
_HOPELESS: Final = frozenset({"ACCESS_DENIED"})
UNKNOWN_POLLS: Final = 20
"""How long a status that we do not know is taken for one that passes."""
_FIRST_WAIT: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(minutes=5)
POLLS_MAX: Final = 3_000
"""More than the ten days that Shopify gives an operation, at the longest wait."""


class ExportFailed(DomainError):
    """Shopify gave no usable result."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a poll or a download came to."""

    state: str
    """`wait`, `ready`, `again` (submit anew) or `hopeless`."""
    reason: str = ""
    lines: int = 0
    size: int = 0
    roots: int = 0

    def document(self) -> JsonObject:
        """Return the verdict as a step's result."""
        return asdict(self)


async def request_export(
    client: ShopifyClient, query: str, *, since: datetime, known: Sequence[str]
) -> str:
    """Start the operation and return its id; one that a lost attempt started is taken over."""
    found = await find_bulk(client, query, since=since, known=known)
    return found or await client.start_bulk(query)


def judge(operation: BulkOperation) -> Verdict:
    """Return what is to be done about an operation as it was polled."""
    lines = operation.object_count
    if operation.is_complete:
        if operation.url is None and not operation.is_empty:
            return Verdict("again", f"completed with {lines} rows but without a result", lines)
        return Verdict("ready", lines=lines)
    if operation.status in _ENDED:
        code = operation.error_code
        reason = f"the bulk operation is {operation.status}" + (f" ({code})" if code else "")
        return Verdict("hopeless" if code in _HOPELESS else "again", reason, lines)
    unknown = "" if operation.status in _KNOWN else f"unknown status {operation.status}"
    return Verdict("wait", unknown, lines)


def wait_before_poll(number: int) -> timedelta:
    """Return how long to wait before the poll with this number (from 1)."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * 1.5 ** min(number - 1, 40))


async def download_export(
    client: ShopifyClient,
    objects: ObjectStore,
    *,
    operation_id: str,
    key: str,
    metadata: Mapping[str, str],
) -> Verdict:
    """Archive the operation's result if it is what Shopify counted; else leave no archive.

    The URL is asked for anew each time, since it expires. A result that differs is downloaded a
    second time before the operation is given up, since a connection can cut it off silently.
    """
    reason = ""
    for _ in range(_DOWNLOADS):
        operation = await client.bulk_operation(operation_id)
        if (verdict := judge(operation)).state != "ready":
            return verdict
        try:
            count = await _archived(client, objects, operation, key, metadata)
        except BulkResultExpired as error:
            return Verdict("again", f"the result expired: {error}")
        except ArchiveMismatch as error:
            reason = str(error)
        else:
            return Verdict("ready", lines=count.lines, size=count.size or 0, roots=count.roots)
    return Verdict("again", reason)


async def _archived(
    client: ShopifyClient,
    objects: ObjectStore,
    operation: BulkOperation,
    key: str,
    metadata: Mapping[str, str],
) -> ArchiveCount:
    announced = ArchiveCount.announced(operation)
    if operation.url is None:
        await objects.put(key, b"", content_type=CONTENT_TYPE, metadata=metadata)
        return ArchiveCount(0, 0, 0)
    async with aclosing(client.download(operation.url)) as chunks:
        return await store_archive(objects, key, chunks, announced, metadata=metadata)
