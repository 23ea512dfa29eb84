"""Measurement over HTTP: the protocol of the measurement process, spoken by whoever asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx

from shared.errors import BadRequest, DomainError, InvalidInput, NotFound, Unavailable
from shared.ports import JsonObject

POLL: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(minutes=9)
"""Below the ten minutes that a Workflow step has."""
_KINDS: Final[dict[int, type[DomainError]]] = {400: BadRequest, 404: NotFound, 422: InvalidInput}


class HttpMeasurement:
    """Asks the engine behind a client whose base URL is the engine's.

    A stage that takes long answers 202; asking again with the same document joins the same job, so
    no connection has to last as long as the work does.
    """

    def __init__(
        self,
        client: Callable[[], httpx.AsyncClient],
        *,
        token: str | None = None,
        prefix: str = "",
        poll: timedelta = POLL,
    ) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._prefix = prefix
        self._poll = poll

    async def refresh(self, stage: str, request: JsonObject, /) -> JsonObject:
        """Run one stage of a refresh; running it again with the same run id changes nothing."""
        left = LONGEST
        while True:
            response = await self._post(f"/refresh/{stage}", request)
            if response.status_code != httpx.codes.ACCEPTED:
                return _answer(response)
            if left <= timedelta(0):
                raise Unavailable(f"stage {stage!r} still runs")
            await asyncio.sleep(self._poll.total_seconds())
            left -= self._poll

    async def query(self, name: str, request: JsonObject, /) -> JsonObject:
        """Answer a named read over the measurement tables."""
        return _answer(await self._post(f"/query/{name}", request))

    async def _post(self, path: str, document: JsonObject) -> httpx.Response:
        try:
            async with self._client() as client:
                return await client.post(self._prefix + path, json=document, headers=self._headers)
        except httpx.HTTPError as error:
            raise Unavailable("measurement does not answer now") from error


def _answer(response: httpx.Response) -> JsonObject:
    try:
        document: Any = response.json()
    except ValueError:
        document = {}
    if response.is_success and isinstance(document, dict):
        return document
    detail = document.get("detail", "") if isinstance(document, dict) else ""
    kind = _KINDS.get(response.status_code, Unavailable)
    raise kind(str(detail) or f"measurement: HTTP {response.status_code}")
