"""Wakes Workflow instances that a crash interrupted: Miniflare keeps them, and leaves them asleep.

On Cloudflare the engine goes on by itself. Here an instance goes on, from its last step, when it is
told something; no Workflow waits for an event of this name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx

from local.edge.doors import EXPLORER

EVENT: Final = "woken"
_UNFINISHED: Final = frozenset({"queued", "running", "waiting"})
_PAGE: Final = 100


async def wake_interrupted(http: httpx.AsyncClient) -> list[str]:
    """Let every unfinished instance go on, and return which those are."""
    woken = []
    for workflow in await _result(http, "workflows"):
        path = f"workflows/{workflow['name']}/instances"
        async for instance in _instances(http, path):
            if instance["status"] in _UNFINISHED:
                answer = await http.post(
                    f"{EXPLORER}/{path}/{instance['id']}/events/{EVENT}", json={}
                )
                answer.raise_for_status()
                woken.append(str(instance["id"]))
    return woken


async def _instances(http: httpx.AsyncClient, path: str) -> AsyncIterator[dict[str, Any]]:
    page = 1
    while found := await _result(http, f"{path}?page={page}&per_page={_PAGE}"):
        for instance in found:
            yield instance
        page += 1


async def _result(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await http.get(f"{EXPLORER}/{path}")
    answer.raise_for_status()
    result: list[dict[str, Any]] = answer.json()["result"]
    return result
