"""Finds a bulk operation again whose id was lost: its start was answered to a process that died."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from shared.clock import parse_instant
from shared.integrations.shopify.reads import Queries
from shared.ports import JsonObject

_LAST_OPERATIONS: Final = (
    "{ bulkOperations(first: 20, reverse: true, sortKey: CREATED_AT)"
    " { nodes { id status createdAt query } } }"
)
_ALIVE: Final = frozenset({"CREATED", "RUNNING", "COMPLETED"})


async def find_bulk(
    client: Queries, query: str, *, since: datetime, known: Collection[str]
) -> str | None:
    """Return the newest operation with exactly this query that runs or has completed, or None.

    Args:
        client: Sends the request.
        query: The bulk query.
        since: Operations that were created before are another run's.
        known: Operations whose result was looked at already, and found to be no good.
    """
    data = await client.query(_LAST_OPERATIONS)
    for node in data["bulkOperations"]["nodes"]:
        if node["id"] not in known and _is_ours(node, query, since):
            return str(node["id"])
    return None


def _is_ours(node: JsonObject, query: str, since: datetime) -> bool:
    return (
        str(node["status"]).upper() in _ALIVE
        and str(node.get("query")).split() == query.split()
        and parse_instant(node["createdAt"]) >= since.replace(microsecond=0)
    )
