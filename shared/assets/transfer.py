"""Moves a file: from Dropbox into the private bucket, and once it is known into the public one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from shared import limits
from shared.assets.content import HEAD_BYTES, SVG, ContentRefused, Media, media_of
from shared.assets.names import asset_key, safe_filename
from shared.assets.svg import check_svg
from shared.errors import NonRetryable, Unavailable
from shared.integrations.dropbox import DropboxClient, DropboxFile, FileChanged, Revision
from shared.ports import JsonObject, ObjectStore


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was read whole: where it waits, and what it is."""

    staged_key: str
    sha256: str
    size: int
    content_type: str
    filename: str

    def asset(self) -> JsonObject:
        """Return what an asset's row says of the file."""
        fields: JsonObject = asdict(self)
        del fields["staged_key"]
        return {**fields, "key": asset_key(self.sha256, self.filename)}


def staged_key(run_id: str) -> str:
    """Return where a run keeps its file until it is checked; the bucket forgets it in time."""
    return f"inbox/asset-{run_id}"


async def receive(
    dropbox: DropboxClient, link: str, staging: ObjectStore, *, run_id: str
) -> Received:
    """Read a file into the private bucket and check what it is.

    Raises:
        LinkRefused: The link is none of a Dropbox file.
        FileRefused: There is no file, or it is too large.
        ContentRefused: It is nothing that is accepted.
        FileChanged: It changed while it was being read; try again.
    """
    key = staged_key(run_id)
    try:
        async with dropbox.open(link) as file:
            reading = _Reading(file)
            await staging.put_stream(key, reading.chunks())
        media = await _checked(staging, key, reading)
        await _unchanged(dropbox, link, file.revision, reading.sha256)
    except BaseException:
        await staging.delete(key)
        raise
    filename = safe_filename(file.name, media)
    return Received(key, reading.sha256, reading.size, media.content_type, filename)


async def publish(staging: ObjectStore, assets: ObjectStore, asset: JsonObject, staged: str) -> int:
    """Copy a received file to its public key; return how many bytes were written.

    Raises:
        NonRetryable: The key has another content, or the received file is gone.
    """
    key, sha256 = asset["key"], asset["sha256"]
    if (there := await assets.head(key)) is not None and there.size == asset["size"]:
        if there.metadata.get("sha256") == sha256:
            return 0
        raise NonRetryable(f"the object {key} has another content")
    if await staging.head(staged) is None:
        raise NonRetryable("the received file is gone; ask for it again")
    await assets.put_stream(
        key,
        _same(staging, staged, sha256),
        content_type=asset["content_type"],
        metadata={"sha256": sha256},
    )
    return int(asset["size"])


class _Reading:
    """What is learnt of a file while its bytes pass."""

    def __init__(self, file: DropboxFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Pass the bytes on; a file of a wrong kind is not read to its end."""
        async for chunk in self._file.chunks:
            self._digest.update(chunk)
            self.size += len(chunk)
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
                if len(self.head) == HEAD_BYTES:
                    media_of(self.head)
            yield chunk


async def _checked(staging: ObjectStore, key: str, reading: _Reading) -> Media:
    media = media_of(reading.head)
    if media is SVG:
        if reading.size > limits.ASSET_SVG_BYTES:
            raise ContentRefused(f"the SVG has more than {limits.ASSET_SVG_BYTES} bytes")
        check_svg(await staging.get(key) or b"")
    return media


async def _unchanged(dropbox: DropboxClient, link: str, before: Revision, sha256: str) -> None:
    """Look at the file a second time: by its revision, or by its bytes if it has none."""
    async with dropbox.open(link) as file:
        now = file.revision
        same = now == before
        if same and now.etag is None:
            digest = hashlib.sha256()
            async for chunk in file.chunks:
                digest.update(chunk)
            same = digest.hexdigest() == sha256
    if not same:
        raise FileChanged("the file changed while it was being read")


async def _same(staging: ObjectStore, key: str, sha256: str) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    async for chunk in staging.stream(key):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise Unavailable("the received file is not what was read")
