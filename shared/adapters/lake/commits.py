"""Carries a commit through what an Iceberg REST catalog answers when many write to it.

A failed requirement is a 409, two commits at the very same time are R2's 400 ConcurrentUpdateError,
and too many are a 429: none of those was carried out. After a 5xx or a lost connection nobody
knows; so every commit carries a key in its snapshot's properties, and is looked for before it is
tried again. This needs the client's own retries to be off (`tables.TABLE_PROPERTIES`): they would
write on top of a commit that had been carried out after all.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    BadRequestError,
    CommitFailedException,
    CommitStateUnknownException,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    ValidationException,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.typedef import Identifier
from requests import HTTPError, RequestException

from shared.errors import Unavailable

COMMIT_KEY: Final = "commit.key"
_LOG: Final = logging.getLogger(__name__)

Change = Callable[[Table, Mapping[str, str]], object]
"""Commits something to the table; every snapshot it makes must carry the given properties."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a commit is tried: a number of times, and waits in seconds between them."""

    attempts: int = 12
    first_wait: float = 0.1
    longest_wait: float = 10.0
    longest_retry_after: float = 120.0


class CommitGaveUp(Unavailable):
    """The catalog did not take a commit; trying again under the same key is safe."""


def commit(
    catalog: Catalog,
    identifier: Identifier,
    key: str,
    change: Change,
    *,
    recompute: bool = True,
    persistence: Persistence = Persistence(),
    sleep: Callable[[float], None] = time.sleep,
) -> Table:
    """Carry out a change of a table once, whatever the catalog answers, and return the table.

    Args:
        catalog: Where the table is.
        identifier: The table's name.
        key: What tells this change from every other; a change whose key the table has is done.
        change: Commits the change to a freshly loaded table; called again after a failure.
        recompute: Whether `change` may be called again after the table's content changed in a way
            that contradicts it; otherwise ValidationException is raised.
        persistence: How long to try.
        sleep: Waits between two attempts; what it raises ends them.

    Raises:
        CommitGaveUp: The catalog did not take it however often it was tried.
        ValidationException: See `recompute`.
    """
    failure: Exception | None = None
    for attempt in range(persistence.attempts + 1):
        if failure is not None:
            sleep(_wait(failure, attempt, persistence))
        try:
            table = catalog.load_table(identifier)
            if find_commit(table, key) is not None:
                return table
            if attempt == persistence.attempts:  # the last look, after the last attempt
                break
            change(table, {COMMIT_KEY: key})
        except Exception as error:
            if not _may_repeat(error, recompute=recompute):
                raise
            _LOG.info("commit_repeated", extra={"table": identifier, "reason": repr(error)})
            failure = error
        else:
            return table
    raise CommitGaveUp(f"{'.'.join(identifier)}: {failure}") from failure


def find_commit(table: Table, key: str) -> Snapshot | None:
    """Return the newest snapshot that was committed under this key, or None."""
    for snapshot in reversed(table.metadata.snapshots):
        if (
            snapshot.summary is not None
            and snapshot.summary.additional_properties.get(COMMIT_KEY) == key
        ):
            return snapshot
    return None


def _may_repeat(error: Exception, *, recompute: bool) -> bool:
    if isinstance(error, BadRequestError):
        return "ConcurrentUpdateError" in str(error)
    if isinstance(error, ValidationException):
        return recompute
    return isinstance(
        error,
        CommitFailedException
        | CommitStateUnknownException
        | ServerError
        | ServiceUnavailableError
        | TooManyRequestsError
        | RequestException,
    )


def _wait(error: Exception, attempt: int, persistence: Persistence) -> float:
    told = _retry_after(error)
    if told is not None:
        return min(told, persistence.longest_retry_after)
    longest = min(persistence.first_wait * 2.0 ** (attempt - 1), persistence.longest_wait)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing


def _retry_after(error: Exception) -> float | None:
    cause = error.__cause__
    if not isinstance(cause, HTTPError) or cause.response is None:
        return None
    try:
        return max(0.0, float(cause.response.headers.get("Retry-After", "")))
    except ValueError:
        return None
