"""Measurement over HTTP: the protocol of the measurement process, spoken by whoever asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx

from shared import limits
from shared.errors import BadRequest, DomainError, InvalidInput, NotFound, Unavailable
from shared.ports import JsonObject, ObjectStore

POLL: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(minutes=9)
"""How long one attempt of a step asks; the next one joins the same job."""
DIMENSION_MISSING: Final = "dimension-missing"
"""The kind of problem with which the engine asks for the product dimension."""
_KINDS: Final[dict[int, type[DomainError]]] = {400: BadRequest, 404: NotFound, 422: InvalidInput}


class HttpMeasurement:
    """Asks the engine behind a client whose base URL is the engine's.

    A stage that takes long answers 202; asking again with the same document joins the same job, so
    no connection has to last as long as the work does. The process has no bucket: the product
    dimension, where it lacks it, is sent to it in ranges.
    """

    def __init__(
        self,
        client: Callable[[], httpx.AsyncClient],
        *,
        token: str | None = None,
        objects: ObjectStore | None = None,
        prefix: str = "",
        poll: timedelta = POLL,
        longest: timedelta = LONGEST,
    ) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._objects = objects
        self._prefix = prefix
        self._poll = poll
        self._longest = longest

    async def refresh(self, stage: str, request: JsonObject, /) -> JsonObject:
        """Run one stage of a refresh; running it again with the same run id changes nothing."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._longest.total_seconds()
        is_sent = False
        while True:
            response = await self._ask("POST", f"/refresh/{stage}", json=request)
            if _lacks_dimension(response) and self._objects is not None and not is_sent:
                await self._send(self._objects, request["dimension_key"])
                is_sent = True
                continue
            if response.status_code != httpx.codes.ACCEPTED:
                return _answer(response)
            if clock() >= deadline:
                raise Unavailable(f"stage {stage!r} still runs")
            await asyncio.sleep(self._poll.total_seconds())

    async def query(self, name: str, request: JsonObject, /) -> JsonObject:
        """Answer a named read over the measurement tables."""
        return _answer(await self._ask("POST", f"/query/{name}", json=request))

    async def _send(self, objects: ObjectStore, key: str) -> None:
        """Send an object in ranges, one at a time, so that it never has to fit in memory."""
        if (known := await objects.head(key)) is None:
            raise NotFound(f"there is no object {key!r}")
        for offset in range(0, max(known.size, 1), limits.OBJECT_RANGE_BYTES):
            part = await objects.read_range(key, offset=offset, length=limits.OBJECT_RANGE_BYTES)
            params = {"offset": offset, "size": known.size}
            response = await self._ask("PUT", f"/objects/{key}", params=params, content=part)
            if not response.is_success:
                _answer(response)

    async def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            async with self._client() as client:
                return await client.request(
                    method, self._prefix + path, headers=self._headers, **content
                )
        except httpx.HTTPError as error:
            raise Unavailable("measurement does not answer now") from error


def _lacks_dimension(response: httpx.Response) -> bool:
    return response.status_code == httpx.codes.NOT_FOUND and DIMENSION_MISSING in response.text


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
