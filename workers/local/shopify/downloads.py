"""Serves files as Google's storage does: ranges, attachment headers, and broken connections."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from local.shopify.faults import Fault, Faults

_RANGE = re.compile(r"bytes=(\d+)-(\d*)\Z")
_BLOCK = 256 * 1024


class ConnectionLost(Exception):
    """The connection breaks in the middle of the body, on purpose."""


def download(request: Request, path: Path, faults: Faults) -> Response:
    """Return the file, or the part of it that the Range header asks for."""
    if faults.take(Fault.DOWNLOAD_500):
        return Response("<Error><Code>InternalError</Code></Error>", 500)
    size = path.stat().st_size
    start, stop, status = 0, size, 200
    if (match := _RANGE.match(request.headers.get("Range", ""))) is not None:
        start, status = int(match[1]), 206
        stop = min(int(match[2]) + 1, size) if match[2] else size
        if start >= size:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {
        "Content-Disposition": f'attachment; filename="{path.name}"',
        "Content-Length": str(stop - start),
        "Accept-Ranges": "bytes",
        "ETag": f'"{path.name}-{size}"',
    }
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="application/jsonl")
    breaks = faults.take(Fault.DOWNLOAD_DROPPED)
    body = _blocks(path, start, stop, breaks_at=(start + stop) // 2 if breaks else None)
    return StreamingResponse(body, status, headers, "application/jsonl")


async def _blocks(
    path: Path, start: int, stop: int, *, breaks_at: int | None
) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < stop:
            end = min(stop, start + _BLOCK)
            if breaks_at is not None and end >= breaks_at:
                yield file.read(max(breaks_at - start, 0))
                raise ConnectionLost
            yield file.read(end - start)
            start = end
