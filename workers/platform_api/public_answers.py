"""Answers that everybody may see: cached for a minute, with an ETag made of what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from fastapi import Request, Response
from pydantic import BaseModel

from platform_api.bindings import PlatformBindings
from shared.http.conditional import etag, is_unchanged
from shared.http.pagination import PageParameters

KEPT: Final = timedelta(minutes=1)
"""How long what was unpublished may still be seen, in each of the two caches."""
CACHE_CONTROL: Final = f"public, max-age={int(KEPT.total_seconds())}"


async def public_answer(
    request: Request,
    bindings: PlatformBindings,
    read: Callable[[], Awaitable[BaseModel]],
    page: PageParameters | None = None,
) -> Response:
    """Return the answer to a public read, or 304 if the reader has it already.

    Args:
        request: Its path names the answer, and only what `page` knows of its query.
        bindings: The cache is used if there is one.
        read: Reads the document when it is not cached; its errors are not cached.
        page: Which page of a list it is.
    """
    asked = f"{request.url.path}?{page.model_dump_json() if page else ''}"
    text = await _cached(asked, bindings, read)
    tag = etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if is_unchanged(request.headers.get("If-None-Match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


async def _cached(
    asked: str, bindings: PlatformBindings, read: Callable[[], Awaitable[BaseModel]]
) -> str:
    if bindings.cache is None:
        return (await read()).model_dump_json()
    key = f"public:{hashlib.sha256(asked.encode()).hexdigest()}"
    kept = await bindings.cache.get(key)
    if isinstance(kept, str):
        return kept
    text = (await read()).model_dump_json()
    await bindings.cache.put(key, text, ttl=KEPT)
    return text
