"""Streams a bulk result from its signed URL; a dropped connection is resumed where it broke."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import httpx

from shared.integrations.shopify.errors import BulkResultExpired, DownloadBroken, ShopUnavailable
from shared.integrations.shopify.throttle import RETRY_LIMIT, backoff_seconds

_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_EXPIRED: Final = frozenset({400, 403, 404, 410})
"""400 is how Google's store answers a signature that is past its time."""


async def download(
    http: httpx.AsyncClient, url: str, *, sleep: Callable[[float], Awaitable[None]]
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of a result, each once and in order.

    The URL is signed, so no token is sent. Uncompressed, because a Range counts stored bytes.

    Raises:
        BulkResultExpired: The URL is past its seven days, or the result was removed.
        DownloadBroken: It broke off `RETRY_LIMIT` times without a byte in between.
    """
    offset, failures = 0, 0
    while True:
        try:
            async with aclosing(_attempt(http, url, offset)) as chunks:
                async for chunk in chunks:
                    offset, failures = offset + len(chunk), 0
                    yield chunk
        except (httpx.TransportError, ShopUnavailable) as error:
            failures += 1
            if failures >= RETRY_LIMIT:
                raise DownloadBroken(f"at byte {offset}: {type(error).__name__}") from error
            await sleep(backoff_seconds(failures - 1))
        else:
            return


async def _attempt(http: httpx.AsyncClient, url: str, offset: int) -> AsyncGenerator[bytes, None]:
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    async with http.stream(
        "GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True
    ) as reply:
        if reply.status_code == 416 and offset:
            return  # It broke off after its last byte.
        _check(reply)
        skip = 0 if _starts_at(reply, offset) else offset
        received = 0
        async for chunk in reply.aiter_bytes():
            received += len(chunk)
            if skip < len(chunk):
                yield chunk[skip:] if skip else chunk
            skip = max(skip - len(chunk), 0)
        _check_length(reply, received)


def _check(reply: httpx.Response) -> None:
    if reply.status_code in _EXPIRED:
        raise BulkResultExpired(f"the result's URL was answered with {reply.status_code}")
    if reply.status_code not in {200, 206}:
        raise ShopUnavailable(f"the result's URL was answered with {reply.status_code}")


def _starts_at(reply: httpx.Response, offset: int) -> bool:
    """Return whether the reply starts at the offset; a server may send all of it again."""
    if reply.status_code != 206:
        return offset == 0
    content_range = reply.headers.get("content-range", "")
    if not content_range.startswith(f"bytes {offset}-"):
        raise ShopUnavailable("the result's URL answered another range than the one asked for")
    return True


def _check_length(reply: httpx.Response, received: int) -> None:
    """Raise if the connection ended early; not every transport notices that itself."""
    length = reply.headers.get("content-length")
    if length is None or reply.headers.get("content-encoding", "identity") != "identity":
        return
    if received < int(length):
        raise ShopUnavailable("the connection ended before the result did")
