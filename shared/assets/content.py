"""Tells what a file is from its bytes; its name and the sender's content type prove nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.errors import NonRetryable

HEAD_BYTES: Final = 512
"""As much of a file as `media_of` looks at."""
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_MARKUP: Final = (b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE svg")
_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body")


class ContentRefused(NonRetryable):
    """The file is no design asset."""


@dataclass(frozen=True, slots=True)
class Media:
    """A kind of file that is accepted."""

    content_type: str
    extensions: tuple[str, ...]
    """The first is given to a file that has none of them."""


PNG: Final = Media("image/png", ("png",))
JPEG: Final = Media("image/jpeg", ("jpg", "jpeg"))
WEBP: Final = Media("image/webp", ("webp",))
PDF: Final = Media("application/pdf", ("pdf",))
SVG: Final = Media("image/svg+xml", ("svg",))
MEDIA: Final = {media.content_type: media for media in (PNG, JPEG, WEBP, PDF, SVG)}


def media_of(head: bytes) -> Media:
    """Return what a file is that starts with these bytes.

    What looks like SVG is still to be read by `svg.check_svg`.

    Raises:
        ContentRefused: It is nothing that is accepted.
    """
    if head.startswith(_PNG):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF" and head[8:15] == b"WEBPVP8":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_MARKUP):
        return SVG
    raise ContentRefused(_refusal(text))


def _refusal(text: bytes) -> str:
    if not text:
        return "the file is empty"
    what = "a page (HTML)" if text.lower().startswith(_PAGES) else "something else"
    return f"the file is neither PNG, JPG, WebP, PDF nor SVG but {what}, whatever it is called"
