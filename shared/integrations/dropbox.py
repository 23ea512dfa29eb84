"""Reads a file behind a Dropbox share link, and refuses everything that is not that.

A share link with `dl=1` is answered with a redirect to a content host; with `dl=0` it is a page of
HTML. Whoever gives a link decides where this platform connects to, so every address, also that of
a redirect, is checked before it is asked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Final
from urllib.parse import unquote

import httpx

from shared import limits
from shared.errors import InvalidInput, NonRetryable, Unavailable

_SHARE_HOSTS: Final = frozenset({"www.dropbox.com", "dropbox.com"})
_CONTENT_HOST: Final = "dropboxusercontent.com"
_FILE_PATHS: Final = ("/s/", "/scl/fi/")
_MISSING: Final = frozenset({404, 409, 410})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MAX: Final = 5
_LINK_CHARACTERS: Final = 2048
_TYPES: Final = frozenset(
    {"", "application/binary", "application/octet-stream", "application/pdf",
     "application/xml", "text/xml", "text/plain"}
)  # fmt: skip
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)


class LinkRefused(InvalidInput):
    """The link is no share link of one Dropbox file."""


class FileRefused(NonRetryable):
    """What the link leads to cannot be taken over."""


class DropboxUnavailable(Unavailable):
    """Dropbox does not answer now; try again."""


class FileChanged(Unavailable):
    """The file changed while it was being read."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What tells two states of a file apart without reading it."""

    etag: str | None
    length: int | None


@dataclass(frozen=True, slots=True)
class DropboxFile:
    """A file that is being read: its name, its state and its bytes."""

    name: str
    revision: Revision
    chunks: AsyncIterator[bytes]


def share_link(text: str) -> httpx.URL:
    """Return the direct form of a share link.

    Raises:
        LinkRefused: It is not https, not Dropbox, or no link of one file.
    """
    if len(text) > _LINK_CHARACTERS:
        raise LinkRefused(f"the link has more than {_LINK_CHARACTERS} characters")
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise LinkRefused("the link is no URL") from error
    _check_address(url)
    if url.host in _SHARE_HOSTS and not url.path.startswith(_FILE_PATHS):
        raise LinkRefused("the link is not the share link of one file")
    kept = [(k, v) for k, v in url.params.multi_items() if k not in {"dl", "raw"}]
    return url.copy_with(params=[*kept, ("dl", "1")], fragment=None)


def is_share_link(text: str) -> bool:
    """Return whether the text is a share link that can be read."""
    try:
        share_link(text)
    except LinkRefused:
        return False
    return True


class DropboxClient:
    """Reads files over any `httpx.AsyncClient`; the client itself must follow no redirects."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        url: str | None = None,
        bytes_max: int = limits.ASSET_BYTES,
    ) -> None:
        """Take a client.

        Args:
            http: Opens the connections.
            url: Base URL of an emulator; the hosts of Dropbox become its first path segment.
            bytes_max: Larger files are refused.
        """
        self._http, self._url, self._bytes_max = http, url, bytes_max

    @asynccontextmanager
    async def open(self, link: str) -> AsyncGenerator[DropboxFile, None]:
        """Hold the file open for the block.

        Raises:
            LinkRefused: The link is none of a Dropbox file.
            FileRefused: It is gone, too large, a page, or leads elsewhere.
            DropboxUnavailable: Dropbox does not answer; also while the chunks are read.
        """
        url = share_link(link)
        try:
            reply = await self._reply(url)
            try:
                revision = self._check(reply)
                yield DropboxFile(_name(reply, url), revision, self._chunks(reply, revision))
            finally:
                await reply.aclose()
        except httpx.TransportError as error:
            raise DropboxUnavailable(f"Dropbox: {type(error).__name__}") from error

    async def revision(self, link: str) -> Revision:
        """Return the state that the file has now. Raises as `open` does."""
        async with self.open(link) as file:
            return file.revision

    async def _reply(self, url: httpx.URL) -> httpx.Response:
        """Follow redirects one by one, each to an address that was checked."""
        for _ in range(_REDIRECTS_MAX):
            request = self._http.build_request(
                "GET", self._at(url), headers={"Accept-Encoding": "identity"}, timeout=_TIMEOUT
            )
            reply = await self._http.send(request, stream=True, follow_redirects=False)
            if reply.status_code not in _REDIRECTS:
                return reply
            await reply.aclose()
            url = _redirected(url, reply.headers.get("location", ""))
        raise FileRefused(f"the link redirects more than {_REDIRECTS_MAX} times")

    def _at(self, url: httpx.URL) -> httpx.URL:
        if self._url is None:
            return url
        return httpx.URL(f"{self._url}/{url.host}{url.raw_path.decode()}")

    def _check(self, reply: httpx.Response) -> Revision:
        status = reply.status_code
        if status in _MISSING:
            raise FileRefused(f"the link leads to no file: Dropbox answers {status}")
        if status == 429 or status >= 500:
            raise DropboxUnavailable(f"Dropbox answers {status}")
        if status != 200:
            raise FileRefused(f"Dropbox answers {status}")
        media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == "text/html":
            raise FileRefused("the link leads to a page (HTML), not to a file")
        if media not in _TYPES and not media.startswith("image/"):
            raise FileRefused(f"the file is served as {media[:80]}, which is no design asset")
        length = _length(reply)
        if length is not None and length > self._bytes_max:
            raise self._too_large(f"{length} bytes")
        return Revision(reply.headers.get("etag"), length)

    async def _chunks(self, reply: httpx.Response, revision: Revision) -> AsyncIterator[bytes]:
        received = 0
        async for chunk in reply.aiter_bytes():
            received += len(chunk)
            if received > self._bytes_max:
                raise self._too_large("more bytes than it was said to have")
            yield chunk
        if revision.length is not None and received != revision.length:
            raise DropboxUnavailable(f"the file ended after {received} of {revision.length} bytes")

    def _too_large(self, has: str) -> FileRefused:
        return FileRefused(f"the file has {has}; the limit is {self._bytes_max} bytes")


def _check_address(url: httpx.URL) -> None:
    if url.scheme != "https":
        raise LinkRefused("the link is not https")
    if url.userinfo or url.port not in {None, 443}:
        raise LinkRefused("the link names a user or a port")
    host = url.host.lower()
    if host not in _SHARE_HOSTS and not f".{host}".endswith(f".{_CONTENT_HOST}"):
        raise LinkRefused("the link's host is not Dropbox")


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    try:
        target = url.join(location)
        _check_address(target)
    except (httpx.InvalidURL, ValueError) as error:
        raise FileRefused("the link redirects to no valid address") from error
    except LinkRefused as error:
        raise FileRefused("the link redirects to a host that is not Dropbox's") from error
    if target.host in _SHARE_HOSTS and not target.path.startswith(_FILE_PATHS):
        raise FileRefused("the link redirects to a page of Dropbox; is the file protected?")
    return target


def _length(reply: httpx.Response) -> int | None:
    text = reply.headers.get("content-length", "")
    encoded = reply.headers.get("content-encoding", "identity") != "identity"
    return int(text) if text.isascii() and text.isdigit() and not encoded else None


def _name(reply: httpx.Response, url: httpx.URL) -> str:
    """Return what the file is called, by the reply or else by the link."""
    header = Message()
    header["content-disposition"] = reply.headers.get("content-disposition", "")
    return header.get_filename() or unquote(url.path.rpartition("/")[2])
