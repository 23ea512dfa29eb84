"""The object store on R2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pyodide.ffi import JsException

from shared import limits
from shared.adapters.cloudflare.errors import message_of, unavailable
from shared.adapters.cloudflare.javascript import BODIES, function
from shared.errors import InvalidInput, NotFound, PreconditionFailed, Unavailable
from shared.ports import ObjectInfo, ObjectPage

KEY_BYTES: Final = 1024
_DEFAULT_TYPE: Final = "application/octet-stream"
_OUT_OF_RANGE: Final = "10039"


class R2ObjectStore:
    """One R2 bucket."""

    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    async def head(self, key: str, /) -> ObjectInfo | None:
        """Return what is known of the object, or None."""
        with unavailable("R2"):
            found = await self._bucket.head(key)
        return _object(found) if found else None

    async def get(self, key: str, /) -> bytes | None:
        """Return a small object whole, or None."""
        with unavailable("R2"):
            found = await self._bucket.get(key)
            return bytes(await found.arrayBuffer()) if found else None

    async def read_range(self, key: str, /, *, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; empty at or past the end."""
        if length <= 0:
            await self._existing(key)
            return b""
        try:
            found = await self._bucket.get(key, range={"offset": offset, "length": length})
            if found:
                return bytes(await found.arrayBuffer())
        except JsException as error:
            if _OUT_OF_RANGE not in str(error) and (await self._existing(key)).size > offset:
                raise Unavailable(f"R2: {message_of(error)}") from error
            return b""
        raise NotFound(f"there is no object {key!r}")

    async def stream(self, key: str, /) -> AsyncIterator[bytes]:
        """Yield the object in chunks. Raises NotFound."""
        with unavailable("R2"):
            found = await self._bucket.get(key)
            if not found:
                raise NotFound(f"there is no object {key!r}")
            reader = found.body.getReader()
            try:
                while (piece := await function("nextPiece", BODIES)(reader)) is not None:
                    yield piece.to_bytes()
            finally:
                await reader.cancel()

    async def put(
        self,
        key: str,
        body: bytes,
        /,
        *,
        content_type: str = _DEFAULT_TYPE,
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> ObjectInfo:
        """Write an object whole."""
        options = _options(key, content_type, metadata)
        if if_absent:
            options["onlyIf"] = {"etagDoesNotMatch": "*"}
        with unavailable("R2"):
            written = await self._bucket.put(key, bytes(body), **options)
        if not written:
            raise PreconditionFailed(f"object {key!r} exists")
        return _object(written, content_type, metadata)

    async def put_stream(
        self,
        key: str,
        chunks: AsyncIterator[bytes],
        /,
        *,
        content_type: str = _DEFAULT_TYPE,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        """Write an object of any size in parts; a body of one part is put whole."""
        upload = None
        done: list[Any] = []
        held = bytearray()
        try:
            async for chunk in chunks:
                held += chunk
                while len(held) > limits.OBJECT_PART_BYTES:
                    upload = upload or await self._begin(key, content_type, metadata)
                    done.append(await _send(upload, len(done) + 1, _taken(held)))
            if upload is None:
                body = bytes(held)
                return await self.put(key, body, content_type=content_type, metadata=metadata)
            done.append(await _send(upload, len(done) + 1, bytes(held)))
            with unavailable("R2"):
                written = await upload.complete(done)
        except BaseException:
            if upload is not None:
                await _abort(upload)
            raise
        return _object(written, content_type, metadata)

    async def delete(self, key: str, /) -> None:
        """Remove the object; removing what is absent is no error."""
        with unavailable("R2"):
            await self._bucket.delete(key)

    async def list(
        self, *, prefix: str = "", cursor: str | None = None, limit: int = 1000
    ) -> ObjectPage:
        """Return one page of keys in lexicographic order."""
        options: dict[str, Any] = {
            "prefix": prefix,
            "limit": limit,
            "include": ["httpMetadata", "customMetadata"],
        }
        if cursor is not None:
            options["cursor"] = cursor
        with unavailable("R2"):
            page = await self._bucket.list(**options)
            objects = tuple(_object(found) for found in page.objects)
        return ObjectPage(objects, page.cursor if page.truncated else None)

    async def _begin(self, key: str, content_type: str, metadata: Mapping[str, str] | None) -> Any:
        with unavailable("R2"):
            return await self._bucket.createMultipartUpload(
                key, **_options(key, content_type, metadata)
            )

    async def _existing(self, key: str) -> ObjectInfo:
        if (found := await self.head(key)) is None:
            raise NotFound(f"there is no object {key!r}")
        return found


async def _send(upload: Any, number: int, part: bytes) -> Any:
    """Send a part: R2 wants all but the last of equal size."""
    with unavailable("R2"):
        return await upload.uploadPart(number, part)


def _taken(held: bytearray) -> bytes:
    """Take one part off the front, with no copy beside it: memory is what a Worker has least of."""
    with memoryview(held) as view:
        part = bytes(view[: limits.OBJECT_PART_BYTES])
    del held[: limits.OBJECT_PART_BYTES]
    return part


async def _abort(upload: Any) -> None:
    """Drop the parts; R2 removes what an abort could not reach after seven days."""
    try:
        await upload.abort()
    except JsException:
        return


def _options(key: str, content_type: str, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not key or len(key.encode()) > KEY_BYTES:
        raise InvalidInput(f"an object key has 1 to {KEY_BYTES} bytes")
    return {
        "httpMetadata": {"contentType": content_type},
        "customMetadata": dict(metadata or {}),
    }


def _object(
    found: Any, content_type: str = "", metadata: Mapping[str, str] | None = None
) -> ObjectInfo:
    """Read an R2Object; what was just written need not carry its metadata back."""
    http = found.httpMetadata or {}
    uploaded: datetime = found.uploaded
    return ObjectInfo(
        key=found.key,
        size=int(found.size),
        etag=found.etag,
        content_type=content_type or http.get("contentType") or _DEFAULT_TYPE,
        uploaded_at=uploaded.replace(tzinfo=UTC),  # Dates arrive as naive UTC
        metadata=dict(metadata if metadata is not None else found.customMetadata or {}),
    )
